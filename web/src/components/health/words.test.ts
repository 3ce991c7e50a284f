import { describe, expect, it } from "vitest";

import { barStart, barWords, bytes, percent, toneOf } from "./words";

describe("numbers of the health page", () => {
  it.each([
    [null, "–"],
    [1, "100 %"],
    [0.9996, "99.9 %"],
    [0.984, "98.4 %"],
    [0.5, "50 %"],
    [0, "0 %"],
  ])("says the rate %s as %s", (rate, words) => {
    expect(percent(rate)).toBe(words);
  });

  it.each([
    [0, "0 B"],
    [1023, "1,023 B"],
    [1024, "1.0 KiB"],
    [3.25 * 1024 ** 3, "3.3 GiB"],
    [512 * 1024 ** 2, "512 MiB"],
    [5 * 1024 ** 5, "5,120 TiB"],
  ])("says %d bytes as %s", (count, words) => {
    expect(bytes(count)).toBe(words);
  });

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
