/**
 * Measures what a person waits for: from the click on *Connect* to the first frame that is not black.
 *
 * RFB tells of no finished frame, so a 16 × 10 copy of the canvas is looked at once per displayed frame until
 * it shows something.  The marks are in the browser's performance timeline under the names below; a click's
 * says in its `detail` which session it started, so that it is never taken for another's.  A click after which
 * nobody waited for a desktop (the page was hidden, or shows the terminal alone) is forgotten.
 */

export const CLICK_MARK = "vestibule:connect-click";
export const FRAME_MARK = "vestibule:first-frame";
export const MEASURE = "vestibule:click-to-first-frame";

const WIDTH = 16;
const HEIGHT = 10;
/** Brighter than this in any channel is not black (of 255). */
const BLACK = 24;

/** @param clickedAt On `performance.now()`'s clock. */
export function markClick(sessionId: string, clickedAt: number): void {
  performance.mark(CLICK_MARK, { startTime: clickedAt, detail: sessionId });
  // Of a page that is seen, the first change is that it is not.
  document.addEventListener("visibilitychange", forgetClick, { once: true });
}

/** Nobody waits for the desktop: what its first frame took would say nothing. */
export function forgetClick(): void {
  performance.clearMarks(CLICK_MARK);
}

/** Marks the session's first frame; whole milliseconds since the click that started it here, null without. */
export function markFirstFrame(sessionId: string): number | null {
  const click = performance
    .getEntriesByName(CLICK_MARK)
    .find((mark) => mark instanceof PerformanceMark && mark.detail === sessionId);
  if (click === undefined) return null;
  const { startTime } = performance.mark(FRAME_MARK, { detail: sessionId });
  // One click, one measurement: a reconnect later is not a start.
  forgetClick();
  return Math.round(performance.measure(MEASURE, { start: click.startTime, end: startTime }).duration);
}

/** Whether RGBA pixels show anything. */
export function showsSomething(pixels: Uint8ClampedArray): boolean {
  return pixels.some((value, index) => index % 4 !== 3 && value > BLACK);
}

/** Watches the canvas in `target`; calls back once. */
export function watchFirstFrame(target: HTMLElement, onFrame: () => void): () => void {
  const scratch = new OffscreenCanvas(WIDTH, HEIGHT).getContext("2d", { willReadFrequently: true });
  let frame = 0;
  const look = (): void => {
    const canvas = target.querySelector("canvas");
    if (scratch !== null && canvas !== null && hasPicture(scratch, canvas)) onFrame();
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
