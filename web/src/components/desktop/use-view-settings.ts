/** The person's view settings, kept in this browser. */

import { useState } from "react";

import { keepSettings, loadSettings, type ViewSettings } from "./view-settings";

export function useViewSettings(): [ViewSettings, (settings: ViewSettings) => void] {
  const [settings, setSettings] = useState(() => loadSettings(window.localStorage));
  const choose = (chosen: ViewSettings): void => {
    setSettings(chosen);
    keepSettings(window.localStorage, chosen);
  };
  return [settings, choose];
}
