import { afterEach, expect, it } from "vitest";

import { withStyleNonce } from "./with-style-nonce";

afterEach(() => {
  document.head.replaceChildren();
});

it("gives style elements the page's nonce, others none, and only meanwhile", () => {
  const meta = document.head.appendChild(document.createElement("meta"));
  meta.setAttribute("property", "csp-nonce");
  meta.nonce = "fake-nonce";
  const made: HTMLElement[] = [];
  withStyleNonce(() => {
    made.push(document.createElement("style"), document.createElement("div"));
  });
  made.push(document.createElement("style"));
  expect(made.map(({ nonce }) => nonce ?? "")).toEqual(["fake-nonce", "", ""]);
});

it("is over when the making failed", () => {
  expect(() => {
    withStyleNonce(() => {
      throw new Error("no room");
    });
  }).toThrow("no room");
  expect(Object.hasOwn(document, "createElement")).toBe(false);
});
