import { afterEach, describe, expect, it } from "vitest";

import { choose } from "../i18n/language";
import { bytes, percent } from "./quantities";

afterEach(async () => {
  await choose("en");
  window.localStorage.clear();
});

describe("quantities", () => {
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

  it("are written as the person's language writes them", async () => {
    await choose("de");
    expect(bytes(1536)).toBe("1,5 KiB");
    expect(percent(0.984)).toBe("98,4 %");
  });
});
