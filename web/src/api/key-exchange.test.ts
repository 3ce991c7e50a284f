import { expect, it, vi } from "vitest";

import { exchangeKey, type Progress } from "./key-exchange";
import type { Rotation } from "./types";

const stepWith = (special: Partial<Rotation>): Rotation => ({
  key_id: "0f1e2d3c4b5a6978",
  rewrapped: 100,
  remaining: 0,
  damaged: [],
  finished: true,
  ...special,
});
const BATCH = stepWith({ remaining: 60, finished: false });
const LAST = stepWith({ rewrapped: 60 });

it("asks for batch after batch and counts them together", async () => {
  const next = vi.fn<() => Promise<Rotation>>().mockResolvedValueOnce(BATCH).mockResolvedValueOnce(LAST);
  expect(await exchangeKey(next, () => undefined)).toMatchObject({ rewrapped: 160, finished: true });
});

it("asks no more once nothing remains: that would begin another exchange", async () => {
  const next = vi.fn<() => Promise<Rotation>>().mockResolvedValue(LAST);
  await exchangeKey(next, () => undefined);
  expect(next).toHaveBeenCalledOnce();
});

it("ends with a batch that gets nowhere", async () => {
  const stuck = stepWith({ rewrapped: 0, remaining: 3, finished: false });
  const next = vi.fn<() => Promise<Rotation>>().mockResolvedValue(stuck);
  expect(await exchangeKey(next, () => undefined)).toMatchObject({ remaining: 3, finished: false });
  expect(next).toHaveBeenCalledOnce();
});

it("tells how far it is after each batch but the last", async () => {
  const next = vi.fn<() => Promise<Rotation>>().mockResolvedValueOnce(BATCH).mockResolvedValueOnce(LAST);
  const told: Progress[] = [];
  await exchangeKey(next, ({ rewrapped, remaining }) => told.push({ rewrapped, remaining }));
  expect(told).toEqual([{ rewrapped: 100, remaining: 60 }]);
});
