/** Goldens for tests: one promoted and current, unless a test says otherwise. */

import type {
  CanaryReport,
  Golden,
  GoldenDetail,
  Goldens,
  Problem,
  Renewal,
  RenewalStep,
} from "../api/types";
import { instant } from "./sessions";

export const PROBLEM: Problem = { code: "a_code", cause: "It broke.", remedy: "Mend it." };

export const canaryWith = (special: Partial<CanaryReport> = {}): CanaryReport => ({
  golden_id: "g-1",
  driver: "container",
  passed: true,
  verdict: "2 checks of 3 clones passed with container",
  at: instant(20),
  seconds: 5.2,
  clones: 3,
  checks: [
    { name: "start of clone 1", ok: true, detail: "vm-1 confirmed its build", seconds: 1.4 },
    { name: "sign-in", ok: true, detail: "completed", seconds: 2.3 },
  ],
  screenshot: "/api/goldens/g-1/canary/container/screenshot",
  evidence: "/var/cache/vestibule/canaries/g-1/container",
  ...special,
});

export const FAILED_CANARY = canaryWith({
  passed: false,
  verdict: "1 of 2 checks failed with container; sign-in: the tool ended.",
  checks: [
    { name: "start of clone 1", ok: true, detail: "vm-1 confirmed its build", seconds: 1.4 },
    { name: "sign-in", ok: false, detail: "the tool ended", seconds: 2.3 },
  ],
});

export const goldenWith = (special: Partial<Golden> = {}): Golden => ({
  golden_id: "g-1",
  status: "promoted",
  since: instant(30),
  why: "its canary passed",
  failing: null,
  wanted: true,
  agent_build: "8a1777be1ab09f946b1e78a4f33b9de7",
  contract: 1,
  tools: { "@openai/codex": "0.169.0" },
  layers: ["l-base-1", "l-agent-1"],
  built_at: instant(10),
  build_s: 2.2,
  canaries: [canaryWith()],
  untested: null,
  ...special,
});

export const goldensWith = (special: Partial<Goldens> = {}): Goldens => ({
  promoted: "g-1",
  wanted: "g-1",
  stale: false,
  policy: "rebuild",
  refusal: null,
  trouble: null,
  scrub: null,
  roll_back_to: null,
  plan: [{ kind: "golden", name: "g-1", done: true, needed: true, last_build_s: 2.2 }],
  shape: null,
  changes: [],
  renewal: null,
  goldens: [goldenWith()],
  ...special,
});

export const detailOf = (golden: Golden, special: Partial<GoldenDetail> = {}): GoldenDetail => ({
  golden,
  moves: [{ golden_id: golden.golden_id, to: golden.status, at: instant(30), why: "its canary passed" }],
  compared_with: null,
  changes: [],
  digests: {},
  ...special,
});

export const stepWith = (special: Partial<RenewalStep> = {}): RenewalStep => ({
  phase: "build",
  name: "merge layers",
  began_at: instant(0),
  seconds: null,
  estimate_s: null,
  trouble: null,
  ...special,
});

export const renewalWith = (special: Partial<Renewal> = {}): Renewal => ({
  golden_id: "g-2",
  why: "its inputs are today's",
  began_at: instant(0),
  ended_at: null,
  outcome: null,
  failure: null,
  steps: [stepWith()],
  to_come: 0,
  expected_end_at: null,
  log: ["== step 1/3: merge layers"],
  ...special,
});
