/**
 * Whether keys without Ctrl or ⌘ do something on the page: they can be turned off (WCAG 2.1.4), because speech
 * that is taken for typing presses them, too.
 *
 * Lifetime: the page's; kept in this browser, where it keeps anything.
 */

import { useSyncExternalStore } from "react";

const KEY = "vestibule.single-keys";
const watchers = new Set<() => void>();
/** What was chosen on this page; null: nothing was. */
let chosen: boolean | null = null;

export const singleKeysWork = (): boolean => chosen ?? kept() !== "off";

export const useSingleKeys = (): boolean => useSyncExternalStore(subscribe, singleKeysWork);

export function chooseSingleKeys(work: boolean): void {
  chosen = work;
  try {
    window.localStorage.setItem(KEY, work ? "on" : "off");
  } catch {
    // A browser that keeps nothing: the choice holds for this page.
  }
  for (const watcher of watchers) watcher();
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

function kept(): string | null {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
