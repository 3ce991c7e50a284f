import { expect, it } from "vitest";

import { credentialWith } from "../../testing/providers";
import { concernOf } from "./concern";

const NOW = Date.UTC(2026, 10, 3, 12);
const inDays = (days: number): string => new Date(NOW + days * 86_400_000).toISOString();
const DOUBT = "The provider refused it to ci-3.";

it("has no concern about a credential that is good", () => {
  expect(concernOf(credentialWith({ usable_until: inDays(20) }), NOW)).toBeNull();
});

it("has no concern about an access token that ran out: its holder refreshes it", () => {
  expect(concernOf(credentialWith({ expires_at: inDays(-1) }), NOW)).toBeNull();
});

it("tells the vault's doubt as it is", () => {
  expect(concernOf(credentialWith({ doubt: DOUBT }), NOW)).toEqual({
    state: "May not work",
    tone: "warn",
    why: DOUBT,
    reported: true,
  });
});

it("tells of a login that ends soon by the day", () => {
  const soon = credentialWith({ usable_until: inDays(2), expires_soon: true });
  expect(concernOf(soon, NOW)).toMatchObject({
    state: "Login ends soon",
    why: expect.stringMatching(/^Its login ends on .*, in 2 days\.$/) as string,
  });
});

it("leaves it to the controller what soon is", () => {
  expect(concernOf(credentialWith({ usable_until: inDays(2), expires_soon: false }), NOW)).toBeNull();
});

it("tells of an expired login before a doubt", () => {
  const both = credentialWith({ usable_until: inDays(-2), expires_soon: true, doubt: DOUBT });
  expect(concernOf(both, NOW)).toMatchObject({
    state: "Login expired",
    why: "Its login expired 2 days ago.",
  });
});
