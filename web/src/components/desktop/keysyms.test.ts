import { expect, it } from "vitest";

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
