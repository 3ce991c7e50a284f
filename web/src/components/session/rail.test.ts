import { describe, expect, it } from "vitest";

import { instant, sessionIn } from "../../testing/sessions";
import { lastGoodStep, railSteps } from "./rail";

const states = (session: Parameters<typeof railSteps>[0]) => railSteps(session).map(({ state }) => state);

describe("the step rail", () => {
  it("marks what was reached with its time and works on the next step", () => {
    const steps = railSteps(sessionIn("ready"));
    expect(steps.map(({ state }) => state)).toEqual([
      "done",
      "done",
      "done",
      "current",
      "pending",
      "pending",
    ]);
    expect(steps[2]).toMatchObject({ at: instant(2), sinceStart: 2 });
  });

  it("is all done when connected", () => {
    expect(new Set(states(sessionIn("completed")))).toEqual(new Set(["done"]));
  });

  it.each([
    ["failed", "failed"],
    ["timeout", "failed"],
    ["cancelled", "stopped"],
  ] as const)("shows where a %s session ended: %s", (status, state) => {
    const session = sessionIn(status, {
      completed_at: instant(9),
      stages: [
        { status: "started", at: instant(0) },
        { status: "vm_created", at: instant(1) },
        { status, at: instant(9) },
      ],
    });
    expect(states(session)).toEqual(["done", "done", state, "pending", "pending", "pending"]);
    expect(lastGoodStep(session)).toEqual({ step: "vm_created", at: instant(1) });
  });

  it("does not wait for a step that was jumped over", () => {
    const stages = ["started", "vm_created", "ready", "authenticating"] as const;
    const session = sessionIn("authenticating", {
      stages: stages.map((status, index) => ({ status, at: instant(index) })),
    });
    expect(states(session)).toEqual(["done", "done", "done", "skipped", "done", "current"]);
  });
});
