import { useEffect, useRef } from "react";

import { isTaken, meaningOf, type Meaning } from "./key-chords";

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
      const pressed = { key: event.key, command, altered: event.altKey, at: event.timeStamp };
      const meaning = meaningOf(pressed, before);
      before = meaning === null && event.key === "g" && !command && !event.altKey ? event.timeStamp : null;
      if (meaning !== null && latest.current(meaning)) event.preventDefault();
    };
    document.addEventListener("keydown", listen);
    return () => {
      document.removeEventListener("keydown", listen);
    };
  }, []);
}
