/**
 * Modifiers that are held on the screen, together with a real keyboard's next key.
 *
 *     keydown ──▶ held down in the machine ──▶ noVNC's own keydown … keyup ──▶ let go
 *
 * noVNC goes on to translate the key: it knows every keyboard.
 */

import { useEffect, useRef, type RefObject } from "react";

import type { Surface } from "./desktop-link";
import type { Key } from "./keysyms";

/** Keys that are pressed for another one's sake (UI Events KeyboardEvent key Values, 3.2). */
const MODIFIERS = ["Alt", "AltGraph", "CapsLock", "Control", "Fn", "Meta", "NumLock", "ScrollLock", "Shift"];

/** `take` gives what the next key is to be pressed with. */
export function useHeldKeys(
  target: RefObject<HTMLElement | null>,
  surface: Surface | undefined,
  take: () => readonly Key[],
): void {
  const latest = useRef({ surface, take });
  useEffect(() => {
    latest.current = { surface, take };
  });
  useEffect(
    () =>
      target.current === null
        ? undefined
        : watchKeys(target.current, () => {
            const { surface: machine, take: taken } = latest.current;
            const held = taken();
            if (machine === undefined || held.length === 0) return () => undefined;
            machine.hold(held);
            return () => {
              machine.letGo(held);
            };
          }),
    [target],
  );
}

/** Calls `begin` before a key goes down, and what it gave once that key is up, or another one down. */
function watchKeys(element: HTMLElement, begin: () => () => void): () => void {
  let down = { code: "", end: (): void => undefined };
  const end = (): void => {
    down.end();
    down = { code: "", end: () => undefined };
  };
  const press = ({ key, code, repeat }: KeyboardEvent): void => {
    if (repeat || MODIFIERS.includes(key)) return;
    end();
    down = { code, end: begin() };
  };
  const release = ({ code }: KeyboardEvent): void => {
    if (code === down.code) end();
  };
  element.addEventListener("keydown", press, { capture: true });
  element.addEventListener("keyup", release, { capture: true });
  // What comes up elsewhere is not heard.
  element.addEventListener("focusout", end);
  return () => {
    end();
    element.removeEventListener("keydown", press, { capture: true });
    element.removeEventListener("keyup", release, { capture: true });
    element.removeEventListener("focusout", end);
  };
}
