/**
 * The page's language: one at a time, for the whole page.
 *
 * Lifetime: `begin` once before anything is drawn; `choose` when a person wants another.  The catalogue of the
 * language is module state and no React context, because words are also made where there is no component
 * (a state machine's causes, a problem of the network).  Whoever draws is built anew (`app.tsx`).
 */

import { en } from "./en";
import type { Catalogue } from "./catalogue";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "vestibule.language";
const LOADERS: Record<Language, () => Promise<Catalogue>> = {
  en: () => Promise.resolve(en),
  de: async () => (await import("./de")).de,
};

let present: { language: Language; locale: string; catalogue: Catalogue } = {
  language: "en",
  locale: localeOf("en", navigator.languages),
  catalogue: en,
};
const watchers = new Set<() => void>();

export const language = (): Language => present.language;
/** The person's own variety of the language, for dates and numbers. */
export const locale = (): string => present.locale;
export const catalogue = (): Catalogue => present.catalogue;

/** For React's `useSyncExternalStore`. */
export function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Takes what was chosen in this browser, else the first of its languages that there is. */
export async function begin(): Promise<void> {
  await become(wanted(kept(), navigator.languages));
}

/** Changes the language and keeps it in this browser. */
export async function choose(wish: Language): Promise<void> {
  await become(wish);
  try {
    window.localStorage.setItem(KEY, wish);
  } catch {
    // A browser that keeps nothing: the choice holds for this page.
  }
}

/** @param chosen What the browser kept; null for nothing. */
export function wanted(chosen: string | null, preferred: readonly string[]): Language {
  const names = Object.keys(LANGUAGES) as Language[];
  const known = (tag: string): Language | undefined => names.find((name) => name === tag.split("-")[0]);
  return (
    names.find((name) => name === chosen) ?? preferred.map(known).find((name) => name !== undefined) ?? "en"
  );
}

/** British dates for whoever asks for British English: the first wish of that language, with its region. */
export function localeOf(name: Language, preferred: readonly string[]): string {
  return preferred.find((tag) => tag.split("-")[0] === name) ?? name;
}

async function become(name: Language): Promise<void> {
  const texts = await LOADERS[name]();
  present = { language: name, locale: localeOf(name, navigator.languages), catalogue: texts };
  document.documentElement.lang = name;
  for (const watcher of watchers) watcher();
}

function kept(): string | null {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
