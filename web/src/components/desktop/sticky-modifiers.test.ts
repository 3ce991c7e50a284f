import { expect, it } from "vitest";

import { MODIFIER_KEYS } from "./keysyms";
import { afterKey, heldKeys, NO_HOLDS, pressModifier } from "./sticky-modifiers";

it("holds for one key, then until pressed again, then not at all", () => {
  const once = pressModifier(NO_HOLDS, "control");
  expect(once.control).toBe("once");
  expect(afterKey(once)).toEqual(NO_HOLDS);
  const locked = pressModifier(once, "control");
  expect(locked.control).toBe("locked");
  expect(afterKey(locked)).toEqual(locked);
  expect(pressModifier(locked, "control")).toEqual(NO_HOLDS);
});

it("holds several at a time", () => {
  const both = pressModifier(pressModifier(NO_HOLDS, "alt"), "control");
  expect(heldKeys(both)).toEqual([MODIFIER_KEYS.control, MODIFIER_KEYS.alt]);
  expect(heldKeys(NO_HOLDS)).toEqual([]);
});
