import { describe, expect, it } from "vitest";

import { asked, begin, due, heard, TICK_MS, type Pulse } from "./pulse";

/** The moments at which something was done, ticking from 0; `bytes` arrive, those at `answers` with the answer. */
function live(
  untilMs: number,
  bytes: number[],
  answers: number[],
): { asks: number[]; gaveUp: number | null } {
  let pulse: Pulse = begin(0);
  const asks: number[] = [];
  for (let at = 0; at <= untilMs; at += TICK_MS) {
    if (bytes.includes(at)) pulse = heard(pulse, at, false);
    if (answers.includes(at)) pulse = heard(pulse, at, true);
    const act = due(pulse, at);
    if (act === "give-up") return { asks, gaveUp: at };
    if (act === "ask") {
      asks.push(at);
      pulse = asked(pulse, at);
    }
  }
  return { asks, gaveUp: null };
}

describe("the pulse of a connection", () => {
  it("asks two seconds after each answer", () => {
    expect(live(7_000, [], [2_250, 4_500])).toEqual({ asks: [2_000, 4_250, 6_500], gaveUp: null });
  });

  it("takes it for dead within ten seconds of the last answer", () => {
    const { gaveUp } = live(60_000, [], [2_250]);
    expect(gaveUp).not.toBeNull();
    expect((gaveUp ?? Infinity) - 2_250).toBeLessThanOrEqual(10_000);
  });

  it("waits for a late answer as long as bytes come, and not longer", () => {
    const slow = [8_000, 14_000, 20_000];
    expect(live(24_000, slow, [])).toEqual({ asks: [2_000], gaveUp: null });
    expect(live(60_000, slow, []).gaveUp).toBe(27_000);
  });

  it("measures from the question to its answer, not to other bytes", () => {
    const waiting = asked(begin(0), 2_000);
    expect(heard(waiting, 2_010, false)).toMatchObject({ roundTripMs: null, askedAt: 2_000 });
    expect(heard(waiting, 2_045, true)).toMatchObject({ roundTripMs: 45, askedAt: null });
  });
});
