import { describe, expect, it } from "vitest";

import { addressOf, questionOf, stateOf, type TableSpec } from "./table-state";

const SPEC: TableSpec = { sort: "at", facets: { action: "audit.deed" }, days: true };
const state = (search: string, spec = SPEC) => stateOf(new URLSearchParams(search), spec);

describe("a table's state in the address", () => {
  it("comes back from the address that it makes", () => {
    const search = "q=a+b&action=x&action=y&from=2026-11-01&to=2026-11-02&sort=actor&order=asc&page=3";
    expect(addressOf(state(search), SPEC).toString()).toBe(search);
  });

  it("leaves out what is as usual", () => {
    expect(addressOf(state("sort=at&order=desc&page=1&q="), SPEC).toString()).toBe("");
  });

  it.each(["0", "-1", "x", "1.5", ""])("takes page “%s” for the first", (page) => {
    expect(state(`page=${page}`).page).toBe(0);
  });

  it.each(["yesterday", "2026-13-01", "2026-1-1", "2026-11-01T00:00"])("takes no day from “%s”", (day) => {
    expect(state(`from=${day}`).from).toBe("");
  });

  it("has no days where a table has none", () => {
    expect(state("from=2026-11-01", { ...SPEC, days: false }).from).toBe("");
  });

  it("leaves it to the controller to refuse an order that there is not", () => {
    expect(new URLSearchParams(questionOf(state("sort=nonsense"))).get("sort")).toBe("nonsense");
  });

  it("asks without blanks around, for whole days of whoever looks", () => {
    const asked = new URLSearchParams(questionOf(state("q=+vm+&to=2026-11-30")));
    expect(asked.get("q")).toBe("vm");
    expect(asked.get("until")).toBe(new Date("2026-12-01T00:00").toISOString());
  });
});
