import { expect, it } from "vitest";

import { hasRoom } from "./room";

it.each([
  [915, 612, true],
  [1920, 1200, true],
  [859, 900, false],
  [1200, 539, false],
  [366, 230, false],
  [2560, 1300, false],
])("a frame of %d × %d gives the desktop its size: %s", (width, height, expected) => {
  expect(hasRoom({ width, height })).toBe(expected);
});
