import { IntlMessageFormat } from "intl-messageformat";
import { describe, expect, it } from "vitest";

import type { Key } from "./catalogue";
import { de } from "./de";
import { en } from "./en";

const SOURCES = Object.values(
  import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.{ts,tsx}", "!./*/*"], {
    query: "?raw",
    import: "default",
    eager: true,
  }),
).join("\n");
const KEYS = Object.keys(en) as Key[];

/** Names of values, marks and branches' subjects in a message, each once, in order. */
function partsOf(message: string, locale: string): string[] {
  const ast = new IntlMessageFormat(message, locale).getAst();
  const names = [...JSON.stringify(ast).matchAll(/"type":([1-68]),"value":"([^"]*)"/g)];
  return [...new Set(names.map(([, type = "", name = ""]) => `${type === "8" ? "<" : ""}${name}`))].sort();
}

describe("the catalogues", () => {
  it("have the same keys", () => {
    expect(Object.keys(de).sort()).toEqual([...KEYS].sort());
  });

  it.each(KEYS)("say %s in both languages, of the same things", (key) => {
    expect(partsOf(de[key], "de")).toEqual(partsOf(en[key], "en"));
    expect(de[key].trim()).not.toBe("");
  });

  it("have no sentence that was left in English", () => {
    expect(
      KEYS.filter(
        (key) => de[key] === en[key] && /[a-z]{2} [a-z]{2}/.test(en[key].replace(/\{[^}]*\}/g, "")),
      ),
    ).toEqual([]);
  });

  it("have no text that nobody says", () => {
    expect(KEYS.filter((key) => !SOURCES.includes(`"${key}"`))).toEqual([]);
  });
});
