import { describe, expect, it } from "vitest";

import type { GoldenStatus, Goldens } from "../../api/types";
import { goldensWith, goldenWith, PROBLEM, renewalWith } from "../../testing/goldens";
import { standingOf, standingWords } from "./standing";

/** Today's inputs make g-2. */
const stale = (special: Partial<Goldens> = {}): Goldens =>
  goldensWith({ wanted: "g-2", stale: true, ...special });

const found = (status: GoldenStatus): Pick<Goldens, "goldens"> => ({
  goldens: [goldenWith({ golden_id: "g-2", status }), goldenWith({ wanted: false })],
});

describe("how it stands with the promoted golden", () => {
  it.each<[string, Goldens, object]>([
    ["today's own", goldensWith(), { kind: "current" }],
    ["today's own, asked for again", goldensWith({ renewal: renewalWith() }), { kind: "retried" }],
    ["another, while today's is made", stale({ renewal: renewalWith() }), { kind: "renewing" }],
    ["another, before anything began", stale(), { kind: "stale", reason: "about_to_begin" }],
    ["another, and nothing renews", stale({ policy: "allow" }), { kind: "stale", reason: "not_renewed" }],
    ["today's was rejected", stale(found("rejected")), { kind: "stale", reason: "rejected" }],
    ["today's was rolled back", stale(found("rolled_back")), { kind: "stale", reason: "rolled_back" }],
    ["somebody chose another", stale(found("superseded")), { kind: "stale", reason: "chosen" }],
    [
      "its renewal failed",
      stale({ renewal: renewalWith({ outcome: "failed" }) }),
      { kind: "stale", reason: "failed" },
    ],
    ["inputs that cannot be read", goldensWith({ trouble: "agent.toml" }), { kind: "unreadable" }],
    [
      "today's own, which fails its machines",
      goldensWith({ goldens: [goldenWith({ failing: "3 of 3 failed" })] }),
      { kind: "failing", failing: "3 of 3 failed" },
    ],
    ["none that can be served", goldensWith({ refusal: PROBLEM }), { kind: "refused", problem: PROBLEM }],
    [
      "none yet, and the first is made",
      goldensWith({ promoted: null, refusal: PROBLEM, renewal: renewalWith() }),
      { kind: "coming" },
    ],
  ])("is told of %s", (_, state, standing) => {
    expect(standingOf(state)).toMatchObject(standing);
  });

  it("says first that no machine can start, whatever else is wrong", () => {
    const state = stale({ refusal: PROBLEM, trouble: "agent.toml cannot be read" });
    expect(standingWords(standingOf(state))).toMatchObject({ title: "No machine can start", tone: "bad" });
  });

  it("is green only when it is current", () => {
    expect(standingWords(standingOf(goldensWith())).tone).toBe("good");
    expect(standingWords(standingOf(stale())).tone).toBe("warn");
    expect(standingWords(standingOf(stale({ renewal: renewalWith() }))).tone).toBe("busy");
  });
});
