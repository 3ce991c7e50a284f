/** Which tools the page lists, and in which order. */

import type { Provider } from "../../api/types";

/** So many fit on a screen and need no filter. */
export const FILTER_ABOVE = 8;

/** What a person has first, then what can be had, last what nobody could try; by title within each. */
export function inOrder(providers: readonly Provider[]): Provider[] {
  return [...providers].sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title));
}

function rank(provider: Provider): number {
  if (provider.credential !== null || provider.open_session_id !== null) return 0;
  return provider.verified ? 1 : 2;
}

/** Those in whose title, vendor, name or description every word occurs. */
export function matching(providers: readonly Provider[], words: string): Provider[] {
  const wanted = words.toLowerCase().split(/\s+/);
  return providers.filter(({ title, vendor, name, description }) => {
    const text = [title, vendor, name, description].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
