import { expect, it } from "vitest";

import { showsSomething } from "./first-frame";
import { keysymOf } from "./keysyms";

it.each([
  ["a", 0x61],
  ["ß", 0xdf],
  ["€", 0x010020ac],
  ["🔑", 0x0101f511],
  ["\n", 0xff0d],
  ["\t", 0xff09],
  ["\u0007", null],
])("types %j as its key symbol", (character, keysym) => {
  expect(keysymOf(character)).toBe(keysym);
});

it("takes a picture for one only when it is not black, whatever its opacity", () => {
  expect(showsSomething(new Uint8ClampedArray([0, 0, 0, 255, 8, 8, 8, 255]))).toBe(false);
  expect(showsSomething(new Uint8ClampedArray([0, 0, 0, 255, 0, 90, 0, 255]))).toBe(true);
});
