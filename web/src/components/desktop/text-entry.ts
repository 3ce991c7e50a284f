/**
 * Text that a field of the page gets, as what has to be typed into the machine: pure.
 *
 * Keyboards of phones, input methods and dictation do not press keys, they change a text: they take back what
 * they said, and correct words that are long written.  So what is typed is the difference between two texts.
 */

export interface Difference {
  /** How many characters to take back with Backspace. */
  erase: number;
  insert: string;
}

/** In characters (code points), as Backspace takes them. */
export function difference(before: string, after: string): Difference {
  const [old, now] = [Array.from(before), Array.from(after)];
  let same = 0;
  while (same < old.length && old[same] === now[same]) same += 1;
  return { erase: old.length - same, insert: now.slice(same).join("") };
}

/**
 * Whether a text that is still being composed can be typed already.
 *
 * A phone composes every Latin word, and who types one wants to see it.  Of another script only what is chosen
 * in the end is typed: kana on their way to kanji are nobody's text.
 */
export function isTypedWhileComposing(text: string): boolean {
  return /^[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]*$/u.test(text);
}

/** What the field holds before anything is written: without it, nobody could tell a Backspace. */
export const PADDING = "\u00a0".repeat(32);
const LONGEST = 256;

/** Whether the field should begin anew: nothing is left to take back, or too much to compare each time. */
export function isWornOut(text: string): boolean {
  return text.length < PADDING.length / 2 || text.length > LONGEST;
}
