import { describe, expect, it } from "vitest";

import { sessionIn } from "../../testing/sessions";
import { areaOf } from "./area";

describe("what fills the session page", () => {
  it("is no viewer without the action, even when there is a machine", () => {
    expect(areaOf(sessionIn("vm_created", { actions: [] })).kind).toBe("preparing");
  });

  it("is no viewer without a machine, even with the action", () => {
    expect(areaOf(sessionIn("started", { actions: ["view"] })).kind).toBe("preparing");
  });

  it("is the desktop once it may be seen", () => {
    expect(areaOf(sessionIn("ready", { actions: ["view"] }))).toEqual({ kind: "desktop", vmId: "vm-1" });
  });

  it("is never the desktop of an ended session", () => {
    expect(areaOf(sessionIn("completed", { actions: ["view"], vm_id: "vm-1" })).kind).toBe("connected");
  });

  it.each(["failed", "timeout", "cancelled"] as const)(
    "explains %s when the controller did not",
    (status) => {
      const area = areaOf(sessionIn(status));
      expect(area).toMatchObject({ kind: "ended" });
      expect(area.kind === "ended" && area.failure.cause.length > 20 && area.failure.remedy.length > 10).toBe(
        true,
      );
    },
  );

  it("is no alarm when the person cancelled, and tells how far it came", () => {
    expect(areaOf(sessionIn("cancelled"))).toMatchObject({ tone: "quiet", failure: { stage: "started" } });
  });
});
