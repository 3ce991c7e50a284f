/** What a key that was pressed on the page means: pure.  A letter after `g`, soon enough, goes to a page. */

export type Meaning = { kind: "palette" } | { kind: "shortcuts" } | { kind: "go"; letter: string };

export interface Pressed {
  key: string;
  command: boolean;
  shifted: boolean;
  /** With Alt, or a key of the system's. */
  altered: boolean;
  /** In milliseconds, on any clock. */
  at: number;
}

/** So long a `g` is remembered. */
const CHORD_MS = 1_500;

/**
 * @param before When `g` was pressed last; null: another key came since.
 * @param single Whether keys without Ctrl or ⌘ mean anything.
 */
export function meaningOf(pressed: Pressed, before: number | null, single: boolean): Meaning | null {
  if (pressed.altered) return null;
  if (pressed.command)
    return pressed.key.toLowerCase() === "k" && !pressed.shifted ? { kind: "palette" } : null;
  if (!single) return null;
  if (pressed.key === "?") return { kind: "shortcuts" };
  const chord = before !== null && pressed.at - before < CHORD_MS;
  return chord && /^[a-z]$/.test(pressed.key) ? { kind: "go", letter: pressed.key } : null;
}

const TYPING = "input, textarea, select, canvas, [contenteditable], [role=textbox]";

/**
 * Whether keys go elsewhere: into a field, into the machine (noVNC's canvas has the focus then), or into an
 * open dialog or menu.
 */
export function isTaken(target: EventTarget | null, page: Document): boolean {
  const element = target instanceof Element ? target : null;
  if (element?.closest(TYPING) !== null && element !== null) return true;
  return page.querySelector('[role="dialog"][aria-modal="true"], [role="menu"]') !== null;
}
