import { describe, expect, it } from "vitest";

import { barStart, barWords, toneOf } from "./words";

describe("words of the health page", () => {
  it("names a bar as exactly as its width needs", () => {
    const since = new Date(2026, 10, 3, 14, 0).toISOString();
    expect(barStart(since, 3600)).toBe("14:00");
    expect(barStart(since, 6 * 3600)).toContain("14:00");
    expect(barStart(since, 86_400)).not.toContain("14:00");
    const score = { completed: 2, failed: 1, cancelled: 0, success_rate: 0.67 };
    expect(barWords({ since, score }, 3600)).toBe("14:00: 2 completed, 1 failed, 0 cancelled");
  });

  it.each([
    [null, "quiet"],
    [0.99, "good"],
    [0.9, "warn"],
    [0.5, "bad"],
  ])("calls %s %s", (rate, tone) => {
    expect(toneOf(rate)).toBe(tone);
  });
});
