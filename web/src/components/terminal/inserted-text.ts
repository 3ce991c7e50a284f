/**
 * Text that no key types (an emoji panel, dictation, an accent picked with the mouse): xterm.js leaves it alone
 * in its screen reader mode, where it cannot tell it from what keys put into its field (its `_inputEvent`).
 *
 *     keydown that types ──▶ input ──▶ keyup        xterm.js sends it, by the key or by what the field became
 *     compositionstart ──▶ … ──▶ compositionend     xterm.js sends what was composed, one task later
 *     input alone                                   sent here
 */

import type { Terminal } from "@xterm/xterm";

export function sendInsertedText(terminal: Pick<Terminal, "textarea" | "input">): void {
  const field = terminal.textarea;
  let keyTypes = false;
  let composes = false;
  field?.addEventListener("keydown", (event) => {
    keyTypes = canType(event);
  });
  field?.addEventListener("keyup", () => {
    keyTypes = false;
  });
  field?.addEventListener("compositionstart", () => {
    composes = true;
  });
  field?.addEventListener("compositionend", () => {
    // After xterm.js's own wait, which began before this one.
    setTimeout(() => {
      composes = false;
    }, 0);
  });
  field?.addEventListener("input", (event) => {
    const { inputType, data, isComposing } = event as InputEvent;
    if (inputType !== "insertText" || data === null || data === "") return;
    if (!keyTypes && !composes && !isComposing) terminal.input(data, true);
  });
}

/** Not a shortcut, which may open an emoji panel and whose keys then come up there, unheard; AltGr is Ctrl+Alt. */
function canType({ ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  return !metaKey && (!ctrlKey || altKey);
}
