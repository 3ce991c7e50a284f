import { expect, it } from "vitest";

import { lastLines } from "./last-lines";

it("takes the tool's own words before the machine's, and of them the end", () => {
  const screen = Array.from({ length: 9 }, (_, line) => `line ${String(line)}`).join("\n \n");
  const found = lastLines({ console: "booted", screen });
  expect(found).toEqual({
    title: "session.lastScreen",
    lines: "line 3\nline 4\nline 5\nline 6\nline 7\nline 8",
  });
});

it("passes over what is empty, and finds nothing in nothing", () => {
  expect(lastLines({ screen: " \n", console: "booted" })?.title).toBe("session.lastConsole");
  expect(lastLines({ exit: "killed" })).toBeNull();
});
