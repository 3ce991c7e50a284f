import { expect, it } from "vitest";

import { sizeText } from "./sizes";

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 KiB"],
  [1536, "1.5 KiB"],
  [64 * 2 ** 20, "64 MiB"],
  [1023 * 2 ** 20, "1 GiB"],
  [5000 * 2 ** 30, "5000 GiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
