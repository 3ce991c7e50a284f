import { describe, expect, it } from "vitest";

import { instant, sessionIn } from "../../testing/sessions";
import { stepOf } from "../../testing/timeline";
import { isSettling, markOf, remarkOf } from "./timeline-steps";

describe("a step of the timeline", () => {
  it.each([
    [stepOf("start"), "done", null],
    [stepOf("start", { outcome: null, ended_at: null }), "running", null],
    [stepOf("start", { outcome: "failed", error_code: "start_timeout" }), "bad", "start_timeout"],
    [stepOf("person", { outcome: "cancelled" }), "stopped", "cancelled"],
    [stepOf("person", { outcome: "lost" }), "stopped", "lost with the controller"],
  ] as const)("%o is %s", (step, mark, remark) => {
    expect(markOf(step)).toBe(mark);
    expect(remarkOf(step)).toBe(remark);
  });
});

describe("an ended session", () => {
  const ended = sessionIn("completed", { completed_at: instant(9) });
  const now = new Date(instant(12)).getTime();

  it("is watched until its machine is gone", () => {
    expect(isSettling(ended, [stepOf("seal")], now)).toBe(true);
    expect(isSettling(ended, [stepOf("destroy", { ended_at: null, outcome: null })], now)).toBe(true);
    expect(isSettling(ended, [stepOf("destroy")], now)).toBe(false);
  });

  it("is not watched when there is nothing to come", () => {
    expect(isSettling(sessionIn("ready"), [], now)).toBe(false);
    expect(isSettling({ ...ended, vm_id: null }, [], now)).toBe(false);
    expect(isSettling(ended, [], new Date(instant(100)).getTime())).toBe(false);
  });
});
