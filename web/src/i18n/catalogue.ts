/**
 * Texts and their types: a key that English lacks, or a value that its message needs, fails the type check.
 *
 * Messages are ICU MessageFormat.  A name in braces is a value; branches of `plural` and `select` hold a space,
 * a number sign or nothing, so that they are never taken for one.  `<b>` and `<code>` are marks of `rich`.
 */

import type { en } from "./en";

type English = typeof en;
export type Key = keyof English;

/** Texts by key, in any language. */
export type Catalogue = Readonly<Record<Key, string>>;

/** One area's texts in another language: the same keys, none missing and none more. */
export type Translation<Area> = Readonly<Record<keyof Area, string>>;

type Head<Text extends string> = Text extends `${infer Before}${"," | "}"}${string}`
  ? Shortest<Before>
  : never;
type Shortest<Text extends string> = Text extends `${infer Before}${"," | "}"}${string}`
  ? Shortest<Before>
  : Text;
type NameOnly<Text extends string> = Text extends "" | `${string}${" " | "#" | "<" | "."}${string}`
  ? never
  : Text;

/** The names of a message's values. */
export type Names<Text extends string> = Text extends `${string}{${infer Rest}`
  ? NameOnly<Head<Rest>> | Names<Rest>
  : never;

/** The names of a message's marks, without those that `rich` knows itself. */
export type Marks<Text extends string> = Text extends `${string}</${infer Name}>${infer Rest}`
  ? Exclude<Name, "b" | "code"> | Marks<Rest>
  : never;

export type TextOf<K extends Key> = English[K];

/** Keys of texts that need no value: what a table of words may hold. */
export type PlainKey = { [K in Key]: [Names<English[K]>] extends [never] ? K : never }[Key];
