import { IconArrowsMaximize, IconArrowsMinimize } from "@tabler/icons-react";

import { t } from "../../i18n";
import { ToolButton } from "./tool-button";
import type { FullScreen } from "./use-full-screen";

/** Not there where the browser shows no part of a page in full screen. */
export function FullScreenButton({ fullScreen: { possible, on, toggle } }: { fullScreen: FullScreen }) {
  if (!possible) return null;
  return (
    <ToolButton label={on ? t("desktop.leaveFullScreen") : t("desktop.fullScreen")} onClick={toggle}>
      {on ? <IconArrowsMinimize size={18} /> : <IconArrowsMaximize size={18} />}
    </ToolButton>
  );
}
