import { useEffect, useRef, type RefObject } from "react";

/** Shift+Esc calls `leave`: what takes every other key has to let go of the keyboard somehow (WCAG 2.1.2). */
export function useWayOut(target: RefObject<HTMLElement | null>, leave: () => void): void {
  const latest = useRef(leave);
  useEffect(() => {
    latest.current = leave;
  });
  useEffect(() => {
    const element = target.current;
    const hear = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      latest.current();
    };
    element?.addEventListener("keydown", hear, { capture: true });
    return () => {
      element?.removeEventListener("keydown", hear, { capture: true });
    };
  }, [target]);
}
