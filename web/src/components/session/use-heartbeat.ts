import { useEffect, useRef } from "react";

const EVERY_MS = 20_000;

/** Calls `beat` now and every 20 s while `wanted` and the page is visible: a person is there. */
export function useHeartbeat(wanted: boolean, beat: () => void): void {
  const latest = useRef(beat);
  useEffect(() => {
    latest.current = beat;
  });
  useEffect(() => {
    if (!wanted) return undefined;
    const tick = (): void => {
      if (document.visibilityState === "visible") latest.current();
    };
    tick();
    const timer = setInterval(tick, EVERY_MS);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [wanted]);
}
