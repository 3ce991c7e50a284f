import { useEffect, useRef } from "react";

import { isTaken, meaningOf, type Meaning } from "./key-chords";
import { singleKeysWork } from "./single-keys";

/** Listens to the page's keys; `act` tells whether it had a use for them. */
export function useKeyChords(act: (meaning: Meaning) => boolean): void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    let before: number | null = null;
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || isTaken(event.target, document)) return;
      const command = event.ctrlKey || event.metaKey;
      const { key, shiftKey: shifted, altKey: altered, timeStamp: at } = event;
      const meaning = meaningOf({ key, command, shifted, altered, at }, before, singleKeysWork());
      before = meaning === null && event.key === "g" && !command && !event.altKey ? event.timeStamp : null;
      if (meaning !== null && latest.current(meaning)) event.preventDefault();
    };
    document.addEventListener("keydown", listen);
    return () => {
      document.removeEventListener("keydown", listen);
    };
  }, []);
}
