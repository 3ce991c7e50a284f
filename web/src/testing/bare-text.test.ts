import { describe, expect, it } from "vitest";

import { bareText } from "./bare-text";

const SOURCES = import.meta.glob<string>(
  ["../**/*.{ts,tsx}", "!../**/*.test.{ts,tsx}", "!../**/*.d.ts", "!../i18n/*/*", "!../testing/**"],
  { query: "?raw", import: "default", eager: true },
);

/** Its name, and what the controller says or is told: the page knows these words, and hands them on. */
const ALLOWED = [
  "Vestibule",
  "the operator rolled back",
  "the machine has ended",
  "the controller stops",
  "the view ticket is unknown, used or expired",
  "a view ticket of this origin is needed",
];

describe("text for people", () => {
  it.each([
    ["<p>Hello</p>", "1: Hello"],
    ['<Button aria-label="Close" />', "1: Close"],
    ['<PageHead title="Audit" />', "1: Audit"],
    ["<p>{many ? 'so many rows' : null}</p>", "1: so many rows"],
    ["<p>{`${count} rows of it`}</p>", "1: …  rows of it"],
  ])("is found where it is bare: %s", (source, found) => {
    expect(bareText("page.tsx", source)).toEqual([found]);
  });

  it.each(['<p className="of this kind">{t("a.b")}</p>', 'throw new Error("nobody reads this")'])(
    "is not found in %s",
    (source) => {
      expect(bareText("page.tsx", source)).toEqual([]);
    },
  );

  it.each(Object.entries(SOURCES))("is in a catalogue, and not in %s", (name, source) => {
    const bare = bareText(name, source).filter((found) => !ALLOWED.some((text) => found.endsWith(text)));
    expect(bare).toEqual([]);
  });
});
