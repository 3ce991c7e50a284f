import { afterEach, expect, it } from "vitest";

import { CLICK_MARK, FRAME_MARK, markClick, markFirstFrame, MEASURE, showsSomething } from "./first-frame";

afterEach(() => {
  performance.clearMarks();
  performance.clearMeasures();
});

it("takes a picture for one only when it is not black, whatever its opacity", () => {
  expect(showsSomething(new Uint8ClampedArray([0, 0, 0, 255, 8, 8, 8, 255]))).toBe(false);
  expect(showsSomething(new Uint8ClampedArray([0, 0, 0, 255, 0, 90, 0, 255]))).toBe(true);
});

it("is measured from the click that started the session, once", () => {
  const clickedAt = 5;
  markClick("s-1", clickedAt);
  const ms = markFirstFrame("s-1");
  const [measure] = performance.getEntriesByName(MEASURE);
  expect(measure?.startTime).toBe(clickedAt);
  expect(ms).toBe(Math.round(measure?.duration ?? NaN));
  expect(ms).toBeGreaterThan(0);
  expect(performance.getEntriesByName(FRAME_MARK)).toHaveLength(1);
  expect(markFirstFrame("s-1")).toBeNull();
});

it("is not measured of a session that another click, or none, has started", () => {
  markClick("s-1", performance.now());
  expect(markFirstFrame("s-2")).toBeNull();
  expect(performance.getEntriesByName(CLICK_MARK)).toHaveLength(1);
});

it("is not measured after the page was hidden", () => {
  markClick("s-1", performance.now());
  document.dispatchEvent(new Event("visibilitychange"));
  expect(markFirstFrame("s-1")).toBeNull();
});
