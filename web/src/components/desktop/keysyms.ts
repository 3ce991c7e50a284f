/** Key symbols of the X protocol (X.Org, “X Window System Protocol”, appendix A; keysymdef.h). */

export const SHIFT_LEFT = 0xffe1;
export const SHIFT_RIGHT = 0xffe2;
const RETURN = 0xff0d;
const TAB = 0xff09;
const UNICODE = 0x01000000;

/** The key symbol that types this character; null for one that no key types (other control characters). */
export function keysymOf(character: string): number | null {
  if (character === "\n") return RETURN;
  if (character === "\t") return TAB;
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return null;
  return point <= 0xff ? point : UNICODE + point;
}
