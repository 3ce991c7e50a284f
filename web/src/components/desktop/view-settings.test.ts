import { beforeEach, describe, expect, it, vi } from "vitest";

import { enlarged } from "./desktop-size";
import { keepSettings, loadSettings, sizeNames } from "./view-settings";

const DEFAULT = { quality: "balanced", size: "fit" };

describe("view settings", () => {
  beforeEach(() => {
    window.localStorage.clear();
  });

  it("are kept in the browser", () => {
    expect(loadSettings(window.localStorage)).toEqual(DEFAULT);
    keepSettings(window.localStorage, { quality: "light", size: "actual" });
    expect(loadSettings(window.localStorage)).toEqual({ quality: "light", size: "actual" });
  });

  it.each(["{", "null", '{"quality":"best","size":7}'])(
    "count as none when they are not understood: %s",
    (kept) => {
      window.localStorage.setItem("vestibule.view", kept);
      expect(loadSettings(window.localStorage)).toEqual(DEFAULT);
    },
  );

  it("hold for the page where a browser keeps nothing", () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full");
    });
    expect(() => {
      keepSettings(window.localStorage, { quality: "light", size: "fit" });
    }).not.toThrow();
  });

  it("offer a screen's own pixels where it has more than CSS has", () => {
    expect(sizeNames(1)).not.toContain("native");
    expect(sizeNames(2)).toContain("native");
  });
});

describe("the size that a desktop is asked to have", () => {
  const message = Uint8Array.of(251, 0, 4, 0, 2, 88, 1, 0, 0, 0, 0, 7, 0, 0, 0, 0, 4, 0, 2, 88, 0, 0, 0, 0);

  it("is in pixels of the screen, of the desktop as of its screen", () => {
    const view = new DataView(enlarged(message, 1.5).buffer);
    expect([2, 4, 16, 18].map((at) => view.getUint16(at))).toEqual([1536, 900, 1536, 900]);
    expect(view.getUint32(8)).toBe(7);
  });

  it("has a limit", () => {
    expect(new DataView(enlarged(message, 9).buffer).getUint16(2)).toBe(4096);
  });

  it("is all that is changed", () => {
    const key = Uint8Array.of(4, 1, 0, 0, 0, 0, 0, 97);
    expect(enlarged(key, 2)).toBe(key);
  });
});
