import { beforeEach, expect, it } from "vitest";

import { keepView, loadView, VIEWS } from "./view-choice";

const load = (vmId: string, needsDesktop: boolean) => loadView(window.localStorage, vmId, needsDesktop);

beforeEach(() => {
  window.localStorage.clear();
});

it("begins with the desktop", () => {
  expect(load("vm-1", false)).toBe("desktop");
});

it.each(VIEWS)("keeps the choice of %s at its machine", (view) => {
  keepView(window.localStorage, "vm-1", view);
  expect(load("vm-1", true)).toBe(view);
});

it.each(VIEWS)("keeps the choice of %s at the next machine whose sign-in needs no desktop", (view) => {
  keepView(window.localStorage, "vm-1", view);
  expect(load("vm-2", false)).toBe(view);
});

it("shows the desktop of the next machine whose sign-in needs it", () => {
  keepView(window.localStorage, "vm-1", "terminal");
  expect(load("vm-2", true)).toBe("desktop");
  keepView(window.localStorage, "vm-1", "both");
  expect(load("vm-2", true)).toBe("both");
});

it("takes what no release knows for no choice", () => {
  window.localStorage.setItem("vestibule.view", "hologram");
  expect(load("vm-1", false)).toBe("desktop");
});
