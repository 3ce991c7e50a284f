/** Texts on this browser's clipboard, also on a page that came without TLS. */

/** Whether the text is on the clipboard now: by the way that needs no click, and is closed without TLS. */
export async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** The same by a person's own click or key, which opens the browser's older way, too. */
export async function copyText(text: string): Promise<boolean> {
  return (await writeClipboard(text)) || copySelected(text);
}

/** By a field that is there for a moment, with the text selected; the focus goes back to where it was. */
function copySelected(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.setAttribute("aria-hidden", "true");
  field.style.cssText = "position: fixed; top: 0; opacity: 0";
  document.body.append(field);
  field.focus({ preventScroll: true });
  field.select();
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other way without TLS
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  }
}
