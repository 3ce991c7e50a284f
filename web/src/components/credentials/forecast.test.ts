import { describe, expect, it } from "vitest";

import { accessWords, loginWords, outlookOf } from "./forecast";

const NOW = Date.UTC(2026, 10, 3, 12);
const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;
const inS = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();

describe("the outlook of a credential", () => {
  it.each([
    ["good while nobody names an expiry", null, null, false, "good"],
    ["good while both are ahead", HOUR_S, 20 * DAY_S, false, "good"],
    ["an expired access token", -HOUR_S, null, false, "access-expired"],
    ["that of the login when the controller warns of its end", -HOUR_S, 2 * DAY_S, true, "login-ends-soon"],
    ["an expired login, whatever the access token says", HOUR_S, -1, true, "login-expired"],
    ["an expired login where no warning is wanted, too", HOUR_S, -1, false, "login-expired"],
  ] as const)("is %s", (_, access, login, soon, outlook) => {
    const ends = {
      expires_at: access === null ? null : inS(access),
      usable_until: login === null ? null : inS(login),
      expires_soon: soon,
    };
    expect(outlookOf(ends, NOW)).toBe(outlook);
  });
});

describe("the words for an access token", () => {
  it.each([
    ["names who refreshes it", 3 * HOUR_S, "ci-3", "Expires in 3 hours, refreshed by ci-3"],
    [
      "says that nobody does so now",
      3 * HOUR_S,
      null,
      "Expires in 3 hours, refreshed by whoever checks it out",
    ],
    ["tell since when it is no good", -2 * DAY_S, "ci-3", "Expired 2 days ago, refreshed by ci-3"],
  ])("%s", (_, seconds, holder, words) => {
    expect(
      accessWords({ expires_at: inS(seconds), usable_until: null, expires_soon: false, holder }, NOW),
    ).toBe(words);
  });

  it("promise no refresh once the login has expired", () => {
    const expired = {
      expires_at: inS(-2 * DAY_S),
      usable_until: inS(-HOUR_S),
      expires_soon: true,
      holder: "ci-3",
    };
    expect(accessWords(expired, NOW)).toBe("Expired 2 days ago");
  });
});

describe("the words for a login", () => {
  it.each([
    ["name the day, and how long that is", 20 * DAY_S, /^Sign in again by .*\b23\b.* \(in 20 days\)$/],
    ["name the year when it is another", 100 * DAY_S, /2027 \(in 100 days\)$/],
    ["say what to do once it has expired", -HOUR_S, /^Expired 1 hour ago: sign in again$/],
  ])("%s", (_, seconds, words) => {
    expect(loginWords({ usable_until: inS(seconds) }, NOW)).toMatch(words);
  });
});
