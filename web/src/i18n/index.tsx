/** Texts in the page's language. */

import { IntlMessageFormat } from "intl-messageformat";
import { createElement, Fragment, type ReactNode } from "react";

import type { Key, Marks, Names, PlainKey, TextOf } from "./catalogue";
import { catalogue, language, locale } from "./language";

export type { Key, PlainKey };

type Values<K extends Key, Value> = Readonly<Record<Names<TextOf<K>>, Value>>;
type Wrappers<K extends Key> = Readonly<Record<Marks<TextOf<K>>, (chunks: ReactNode) => ReactNode>>;
type Args<Wanted> = keyof Wanted extends never ? [] : [values: Wanted];

/** A text with its values in place. */
export function t<K extends Key>(key: K, ...[values]: Args<Values<K, string | number>>): string {
  return String(formatOf(key).format(values));
}

/** A text whose values may be elements, and whose marks become some. */
export function rich<K extends Key>(
  key: K,
  ...[values]: Args<Values<K, ReactNode> & Wrappers<K>>
): ReactNode {
  const parts = formatOf(key).format<ReactNode>({ ...MARKS, ...values });
  // As children of their own, or React would ask for keys that the order of a sentence has no use for.
  return Array.isArray(parts) ? createElement(Fragment, null, ...parts) : parts;
}

/** A name in the middle of a sentence: in English, as it is after a verb; elsewhere, as it is. */
export const midSentence = (name: string): string => (language() === "en" ? name.toLowerCase() : name);

const MARKS = {
  b: (chunks: ReactNode) => createElement("strong", null, chunks),
  code: (chunks: ReactNode) => createElement("code", null, chunks),
};

/** Parsing a message takes longer than filling it in, and a page says the same ones again and again. */
const formats = new Map<string, IntlMessageFormat>();

function formatOf(key: Key): IntlMessageFormat {
  const text = catalogue()[key];
  const known = `${locale()} ${text}`;
  const format = formats.get(known) ?? new IntlMessageFormat(text, locale());
  formats.set(known, format);
  return format;
}
