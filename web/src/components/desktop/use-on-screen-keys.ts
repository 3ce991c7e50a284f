/** What is pressed and typed with controls of the page, together with the modifiers that they hold. */

import { useRef, useState, type RefObject } from "react";

import type { Surface } from "./desktop-link";
import { KEYS, keysymOf, MODIFIER_KEYS, type Key, type Modifier } from "./keysyms";
import { afterKey, heldKeys, NO_HOLDS, pressModifier, type Holds } from "./sticky-modifiers";
import { useHeldKeys } from "./use-held-keys";

export interface OnScreenKeys {
  holds: Holds;
  hold: (modifier: Modifier) => void;
  press: (key: Key) => void;
  /** Ctrl+Alt+Del, whatever is held. */
  attention: () => void;
  /** Types what became of a text: characters that were taken back, then new ones. */
  enter: (erase: number, insert: string) => void;
}

/** What is held applies to a real keyboard's next key in `target`, too. */
export function useOnScreenKeys(
  surface: Surface | undefined,
  target: RefObject<HTMLElement | null>,
): OnScreenKeys {
  const [holds, setHolds] = useState(NO_HOLDS);
  /** Two keys may come before the page is drawn anew. */
  const newest = useRef(holds);
  const change = (next: Holds): void => {
    newest.current = next;
    setHolds(next);
  };
  const take = (): readonly Key[] => {
    const held = heldKeys(newest.current);
    if (held.length > 0) change(afterKey(newest.current));
    return held;
  };
  useHeldKeys(target, surface, take);
  const press = (key: Key): void => {
    surface?.press(key, take());
  };
  const enter = (erase: number, insert: string): void => {
    for (let count = 0; count < erase; count += 1) press(KEYS.backspace);
    if (heldKeys(newest.current).length === 0) surface?.type(insert);
    else for (const character of insert) typeOne(character);
  };
  const typeOne = (character: string): void => {
    const shifted = newest.current.shift === "off" ? character : character.toUpperCase();
    const keysym = keysymOf(shifted);
    if (keysym !== null) press({ keysym, code: null });
  };
  const hold = (modifier: Modifier): void => {
    change(pressModifier(newest.current, modifier));
  };
  const attention = (): void => {
    surface?.press(KEYS.delete, [MODIFIER_KEYS.control, MODIFIER_KEYS.alt]);
  };
  return { holds, hold, press, attention, enter };
}
