import { describe, expect, it } from "vitest";

import { matchesOf, piecesOf, step } from "./find";

describe("finding a text in a log", () => {
  it("finds it in whatever case, each time once", () => {
    expect(matchesOf("aAa ba", "a")).toEqual([0, 1, 2, 5]);
    expect(matchesOf("aaaa", "aa")).toEqual([0, 2]);
  });

  it("finds nothing for nothing, and takes signs as they are", () => {
    expect(matchesOf("abc", "")).toEqual([]);
    expect(matchesOf("a.c abc [x]", "a.c")).toEqual([0]);
    expect(matchesOf("[x]", "[X]")).toEqual([0]);
  });

  it("is not led astray by letters that are longer in lower case", () => {
    const log = "İİ error";
    expect(matchesOf(log, "error").map((at) => log.slice(at, at + 5))).toEqual(["error"]);
  });

  it("cuts the log into matches and what is between, without a loss", () => {
    const pieces = piecesOf("x error y error", [2, 10], 5);
    expect(pieces.map(({ text }) => text).join("")).toBe("x error y error");
    expect(pieces.map(({ match }) => match)).toEqual([null, 0, null, 1]);
  });

  it("goes around the end", () => {
    expect(step(2, 1, 3)).toBe(0);
    expect(step(0, -1, 3)).toBe(2);
    expect(step(0, 1, 0)).toBe(0);
  });
});
