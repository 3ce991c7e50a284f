import { describe, expect, it } from "vitest";

import type { Renewal } from "../../api/types";
import { renewalWith, stepWith } from "../../testing/goldens";
import { instant } from "../../testing/sessions";
import { hasLog, stepGroups } from "./steps";

const shape = (renewal: Renewal) => stepGroups(renewal).map(({ title, state }) => `${title}: ${state}`);

const canary = (name: string, special = {}) => stepWith({ phase: "canary", name, ...special });

describe("a renewal's steps", () => {
  it("come by phase, with the phases to come", () => {
    expect(shape(renewalWith())).toEqual(["Build: running", "Canary: pending", "Promotion: pending"]);
  });

  it("come by driver in the canary, without its name before each", () => {
    const steps = [canary("container: egress", { seconds: 1 }), canary("qemu: egress")];
    const groups = stepGroups(renewalWith({ steps }));
    expect(groups.map(({ title }) => title)).toEqual(["Canary · container", "Canary · qemu", "Promotion"]);
    expect(groups[0]?.steps.map(({ name }) => name)).toEqual(["egress"]);
  });

  it("wait for nothing once it has ended, and show where it stopped", () => {
    const renewal = renewalWith({
      outcome: "failed",
      steps: [stepWith({ seconds: 1 }), stepWith({ name: "check tools" })],
    });
    expect(shape(renewal)).toEqual(["Build: stopped"]);
    expect(stepGroups(renewal)[0]?.steps.map(({ state }) => state)).toEqual(["done", "stopped"]);
  });

  it("keep a trouble in its place, and the others go on", () => {
    const steps = [
      canary("container: sign-in", { seconds: 2, trouble: "the tool ended" }),
      canary("container: egress"),
    ];
    expect(stepGroups(renewalWith({ steps }))[0]).toMatchObject({ state: "troubled", seconds: null });
  });

  it("are counted with those that have not begun, of the phase that is on", () => {
    const steps = [stepWith({ seconds: 1 }), canary("container: egress")];
    expect(stepGroups(renewalWith({ steps, to_come: 4 })).map(({ toCome }) => toCome)).toEqual([0, 4, 0]);
  });

  it("take from the first begin to the last end: some run side by side", () => {
    const steps = [
      stepWith({ began_at: instant(0), seconds: 3 }),
      stepWith({ began_at: instant(1), seconds: 4 }),
    ];
    expect(stepGroups(renewalWith({ steps }))[0]?.seconds).toBe(5);
  });

  it("come with a log only when something was made", () => {
    expect(hasLog(renewalWith())).toBe(true);
    expect(hasLog(renewalWith({ log: [] }))).toBe(false);
  });
});
