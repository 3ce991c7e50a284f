/** Key symbols of the X protocol (X.Org, “X Window System Protocol”, appendix A; keysymdef.h). */

export const SHIFT_LEFT = 0xffe1;
export const SHIFT_RIGHT = 0xffe2;
const RETURN = 0xff0d;
const TAB = 0xff09;
const UNICODE = 0x01000000;

/** A key by its symbol, and by its place on a keyboard (`KeyboardEvent.code`) where it has one. */
export interface Key {
  keysym: number;
  code: string | null;
}

export const KEYS = {
  escape: { keysym: 0xff1b, code: "Escape" },
  tab: { keysym: TAB, code: "Tab" },
  enter: { keysym: RETURN, code: "Enter" },
  backspace: { keysym: 0xff08, code: "Backspace" },
  left: { keysym: 0xff51, code: "ArrowLeft" },
  up: { keysym: 0xff52, code: "ArrowUp" },
  right: { keysym: 0xff53, code: "ArrowRight" },
  down: { keysym: 0xff54, code: "ArrowDown" },
  delete: { keysym: 0xffff, code: "Delete" },
  insert: { keysym: 0xff63, code: "Insert" },
} as const satisfies Record<string, Key>;

export const MODIFIER_KEYS = {
  control: { keysym: 0xffe3, code: "ControlLeft" },
  alt: { keysym: 0xffe9, code: "AltLeft" },
  shift: { keysym: SHIFT_LEFT, code: "ShiftLeft" },
  super: { keysym: 0xffeb, code: "MetaLeft" },
} as const satisfies Record<string, Key>;

/** All that may be down when a chord was begun in the machine and is ended by the page. */
export const MODIFIERS: readonly Key[] = [
  ...Object.values(MODIFIER_KEYS),
  { keysym: 0xffe4, code: "ControlRight" },
  { keysym: 0xffe2, code: "ShiftRight" },
  { keysym: 0xffea, code: "AltRight" },
  { keysym: 0xffec, code: "MetaRight" },
];

export type Modifier = keyof typeof MODIFIER_KEYS;

/** The key symbol that types this character; null for one that no key types (other control characters). */
export function keysymOf(character: string): number | null {
  if (character === "\n") return RETURN;
  if (character === "\t") return TAB;
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return null;
  return point <= 0xff ? point : UNICODE + point;
}
