import { describe, expect, it } from "vitest";

import { credentialWith, HELD } from "../../testing/providers";
import { mayBeReplaced, replacementOf } from "./replacement";

const NOW = Date.UTC(2026, 10, 3, 12);
const DOUBT = "The provider refused it to ci-3.";
const OLD = credentialWith({ doubt: DOUBT });
const NEW = credentialWith({ credential_id: "c-2", session_id: "s-2" });
const BEGUN = new Map([
  ["s-1", NOW - 2000],
  ["s-2", NOW - 1000],
  ["s-3", NOW - 500],
]);

describe("a doubted credential", () => {
  it("is replaced by a later sign-in of the same account", () => {
    expect(replacementOf(OLD, [NEW, OLD], BEGUN, NOW)).toBe(NEW);
  });

  it("is replaced by the newest of several", () => {
    const newest = credentialWith({ credential_id: "c-3", session_id: "s-3" });
    expect(replacementOf(OLD, [NEW, newest, OLD], BEGUN, NOW)).toBe(newest);
  });

  it("is replaced by one that a holder has", () => {
    const held = { ...NEW, ...HELD };
    expect(replacementOf(OLD, [held, OLD], BEGUN, NOW)).toBe(held);
  });

  it.each([
    ["an earlier sign-in that was refreshed since", { session_id: "s-0", sealed_at: "2026-11-03T11:00:00Z" }],
    ["one of a session that is not known", { session_id: "s-gone" }],
    ["one of another account", { account: "eve" }],
    ["one of another provider", { provider: "codex" }],
    ["one that allows less", { scopes: [] }],
    ["one that is doubted itself", { doubt: DOUBT }],
    ["one whose login has expired", { usable_until: "2026-11-01T00:00:00Z" }],
  ])("is not replaced by %s", (_, special) => {
    const older = { ...OLD, scopes: ["inference"] };
    const other = { ...NEW, scopes: ["inference"], ...special };
    const begun = new Map([...BEGUN, ["s-0", NOW - 3000]]);
    expect(replacementOf(older, [other, older], begun, NOW)).toBeNull();
  });

  it("is not replaced while it is not known when its own session began", () => {
    expect(replacementOf(OLD, [NEW, OLD], new Map([["s-2", NOW]]), NOW)).toBeNull();
  });

  it("is not replaced while its account is not known", () => {
    const [older, newer] = [OLD, NEW].map((each) => ({ ...each, account: null }));
    expect(older && newer && replacementOf(older, [newer, older], BEGUN, NOW)).toBeNull();
  });

  it("is not replaced while somebody holds it", () => {
    const held = { ...OLD, ...HELD };
    expect(replacementOf(held, [NEW, held], BEGUN, NOW)).toBeNull();
  });
});

it("does not take a second good sign-in for a replacement: two holders need two", () => {
  const good = credentialWith();
  expect(replacementOf(good, [NEW, good], BEGUN, NOW)).toBeNull();
});

it("needs to know of sessions only where one credential may replace another", () => {
  expect(mayBeReplaced([NEW, OLD], NOW)).toBe(true);
  expect(mayBeReplaced([NEW, credentialWith()], NOW)).toBe(false);
});
