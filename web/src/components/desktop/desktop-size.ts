/**
 * The size that a viewer asks the desktop to have (RFB's SetDesktopSize), in pixels of the screen.
 *
 * noVNC asks for CSS pixels; on a screen with more of its own the browser would enlarge the picture.
 */

const SET_DESKTOP_SIZE = 251;
/** Where a width and a height are: of the desktop, and of its one screen. */
const SIZES_AT = [2, 16];
const LONGEST_SIDE = 4096;

/** The message with its sizes enlarged, all others as they are. */
export function enlarged(message: Uint8Array<ArrayBuffer>, ratio: number): Uint8Array<ArrayBuffer> {
  if (message[0] !== SET_DESKTOP_SIZE) return message;
  const changed = message.slice();
  const view = new DataView(changed.buffer);
  for (const at of SIZES_AT)
    for (const side of [at, at + 2])
      view.setUint16(side, Math.min(Math.round(view.getUint16(side) * ratio), LONGEST_SIDE));
  return changed;
}
