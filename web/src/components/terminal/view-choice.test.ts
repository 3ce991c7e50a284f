import { beforeEach, expect, it } from "vitest";

import { keepView, loadView, VIEWS } from "./view-choice";

beforeEach(() => {
  window.localStorage.clear();
});

it("begins with the desktop", () => {
  expect(loadView(window.localStorage)).toBe("desktop");
});

it.each(VIEWS)("keeps the choice of %s", (view) => {
  keepView(window.localStorage, view);
  expect(loadView(window.localStorage)).toBe(view);
});

it("takes what no release knows for no choice", () => {
  window.localStorage.setItem("vestibule.view", "hologram");
  expect(loadView(window.localStorage)).toBe("desktop");
});
