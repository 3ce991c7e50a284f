/**
 * Measures what a person waits for: from the click on *Connect* to the first picture that is not black.
 *
 * RFB tells of no finished frame, so a 16 × 10 copy of the canvas is looked at once per displayed frame until
 * it shows something.  The marks are in the browser's performance timeline under the names below.
 */

export const CLICK_MARK = "vestibule:connect-click";
export const PICTURE_MARK = "vestibule:first-picture";
export const MEASURE = "vestibule:click-to-picture";

const WIDTH = 16;
const HEIGHT = 10;
/** Brighter than this in any channel is not black (of 255). */
const BLACK = 24;

/** Call where *Connect* is pressed. */
export function markClick(): void {
  performance.clearMarks(CLICK_MARK);
  performance.mark(CLICK_MARK);
}

/** Whether RGBA pixels show anything. */
export function showsSomething(pixels: Uint8ClampedArray): boolean {
  return pixels.some((value, index) => index % 4 !== 3 && value > BLACK);
}

/** Watches the canvas in `target`; calls back once with the milliseconds since the click (null: no click). */
export function watchFirstPicture(target: HTMLElement, onPicture: (ms: number | null) => void): () => void {
  const scratch = new OffscreenCanvas(WIDTH, HEIGHT).getContext("2d", { willReadFrequently: true });
  let frame = 0;
  const look = (): void => {
    const canvas = target.querySelector("canvas");
    if (scratch !== null && canvas !== null && hasPicture(scratch, canvas)) onPicture(markPicture());
    else frame = requestAnimationFrame(look);
  };
  frame = requestAnimationFrame(look);
  return () => {
    cancelAnimationFrame(frame);
  };
}

function hasPicture(scratch: OffscreenCanvasRenderingContext2D, canvas: HTMLCanvasElement): boolean {
  if (canvas.width === 0 || canvas.height === 0) return false;
  scratch.drawImage(canvas, 0, 0, WIDTH, HEIGHT);
  return showsSomething(scratch.getImageData(0, 0, WIDTH, HEIGHT).data);
}

function markPicture(): number | null {
  performance.mark(PICTURE_MARK);
  if (performance.getEntriesByName(CLICK_MARK).length === 0) return null;
  const { duration } = performance.measure(MEASURE, CLICK_MARK, PICTURE_MARK);
  // One click, one measurement: a reconnect later is not a start.
  performance.clearMarks(CLICK_MARK);
  return duration;
}
