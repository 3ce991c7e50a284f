/**
 * Whether the machine's desktop should take the frame's size, so that its pixels are the screen's.
 *
 * The machine's browser needs 500 px beside the terminal, or it hangs over the edge; a desktop larger than the
 * largest is slow to draw without a graphics card.  Outside of that the desktop keeps its size and is scaled.
 */

const SMALLEST = { width: 860, height: 540 };
const LARGEST = { width: 1920, height: 1200 };

export function hasRoom({ width, height }: { width: number; height: number }): boolean {
  const enough = width >= SMALLEST.width && height >= SMALLEST.height;
  return enough && width <= LARGEST.width && height <= LARGEST.height;
}
