import { beforeEach, expect, it } from "vitest";

import { keptToken, takeToken } from "./sign-in-token";

const at = (address: string): void => {
  window.history.replaceState(null, "", address);
};

beforeEach(() => {
  at("/");
});

it("takes a token out of the address for good", () => {
  at("/sign-in#token=secret");
  expect(takeToken(window.location, window.history)).toBe("secret");
  expect(window.location.href).not.toContain("secret");
  expect(takeToken(window.location, window.history)).toBeNull();
});

it("keeps one that is good more than once for the page's next load in its tab, out of the address", () => {
  at("/watch#token=secret");
  expect(keptToken(window.location, window.history)).toBe("secret");
  expect(window.location.href).not.toContain("secret");
  expect(keptToken(window.location, window.history)).toBe("secret");
});

it("finds none where there is none", () => {
  expect(takeToken(window.location, window.history)).toBeNull();
  expect(keptToken(window.location, window.history)).toBeNull();
  window.history.replaceState({ token: 7 }, "", "/watch");
  expect(keptToken(window.location, window.history)).toBeNull();
});
