import { describe, expect, it } from "vitest";

import { difference, isTypedWhileComposing, isWornOut, PADDING } from "./text-entry";

describe("what became of a text", () => {
  it.each([
    ["", "a", 0, "a"],
    ["hel", "hello", 0, "lo"],
    ["helo", "hello", 1, "lo"],
    ["teh ", "the ", 3, "he "],
    ["abc", "ab", 1, ""],
    ["abc", "", 3, ""],
    ["日本", "日本語", 0, "語"],
    ["привет", "привёт", 2, "ёт"],
    ["a😀", "a😁", 1, "😁"],
    ["same", "same", 0, ""],
  ])("is typed as a difference: %j → %j", (before, after, erase, insert) => {
    expect(difference(before, after)).toEqual({ erase, insert });
  });

  it.each([
    ["hello", true],
    ["naïve 2", true],
    ["", true],
    ["にほ", false],
    ["한", false],
    ["при", false],
  ])("is typed while it is composed, if it is Latin: %j %j", (text, typed) => {
    expect(isTypedWhileComposing(text)).toBe(typed);
  });

  it("begins anew before nothing is left to take back", () => {
    expect(isWornOut(PADDING)).toBe(false);
    expect(isWornOut(PADDING.slice(20))).toBe(true);
    expect(isWornOut(PADDING + "x".repeat(300))).toBe(true);
  });
});
