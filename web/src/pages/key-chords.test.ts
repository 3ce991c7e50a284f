import { describe, expect, it } from "vitest";

import { isTaken, meaningOf, type Pressed } from "./key-chords";

const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  command: false,
  shifted: false,
  altered: false,
  at: 1_000,
  ...more,
});

describe("a key on the page", () => {
  it.each([
    [press("k", { command: true }), null, { kind: "palette" }],
    [press("K", { command: true }), null, { kind: "palette" }],
    [press("?"), null, { kind: "shortcuts" }],
    [press("c"), 900, { kind: "go", letter: "c" }],
    [press("c"), null, null],
    [press("c", { at: 9_000 }), 900, null],
    [press("k", { command: true, altered: true }), null, null],
    [press("K", { command: true, shifted: true }), null, null],
    [press("Enter"), 900, null],
  ])("%j, with g before it at %s, means %j", (pressed, before, meaning) => {
    expect(meaningOf(pressed, before, true)).toEqual(meaning);
  });

  it.each([
    [press("?"), null],
    [press("c"), 900],
  ])("means nothing without Ctrl where that is turned off: %j", (pressed, before) => {
    expect(meaningOf(pressed, before, false)).toBeNull();
  });

  it("means the same with Ctrl where that is turned off", () => {
    expect(meaningOf(press("k", { command: true }), null, false)).toEqual({ kind: "palette" });
  });

  it.each(["input", "textarea", "select", "canvas"])("belongs to a %s that has it", (tag) => {
    expect(isTaken(document.createElement(tag), document)).toBe(true);
  });

  it("belongs to an open dialog, else to the page", () => {
    expect(isTaken(document.body, document)).toBe(false);
    const dialog = document.createElement("section");
    dialog.setAttribute("role", "dialog");
    dialog.setAttribute("aria-modal", "true");
    document.body.append(dialog);
    expect(isTaken(document.body, document)).toBe(true);
    dialog.remove();
  });
});
