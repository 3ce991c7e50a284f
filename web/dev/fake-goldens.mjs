/** What `fake-server.mjs` tells of goldens; GOLDENS names the story: current, renewing, rejected, failed, refused. */

import { at, BUILD, GOLDEN } from "./fake-data.mjs";

const WANTED = "g-0ddba11c0ffee000";
const HASH = "c9db0f3fec2f18a9ddb0708bb7f36f8c6dedecff91cee4a43b91a1bd5b2f5a60";

const canary = (ok) => ({
  driver: "container",
  passed: ok,
  verdict: ok
    ? "3 checks of 3 clones passed with container"
    : "1 of 3 checks failed with container; sign-in: tool_exited: the tool ended with exit code 1",
  at: at(-7950),
  seconds: 5.2,
  clones: 3,
  checks: [
    { name: "start of clone 1", ok: true, detail: "vm-0d15ea5e0d15ea5e confirmed its build", seconds: 1.4 },
    { name: "sign-in", ok, detail: ok ? "completed" : "tool_exited: exit code 1", seconds: 2.3 },
    { name: "egress", ok: true, detail: "unlisted sites are out of reach", seconds: 0.1 },
  ],
  screenshot: null,
});

const golden = (golden_id, status, special) => ({
  golden_id,
  status,
  since: at(-7900),
  why: "its canary passed",
  failing: null,
  wanted: false,
  agent_build: BUILD,
  contract: 1,
  tools: { "claude-code": "2.1.197", codex: "0.169.0", "gemini-cli": "0.61.0" },
  layers: ["l-base-c74e285d456bab06", "l-tools-3c212d11722e646b", "l-agent-94d7ecb97414b6d7"],
  built_at: at(-8000),
  build_s: 191.4,
  canaries: [canary(true)],
  ...special,
});

const step = (name, seconds, special) => ({
  phase: "build",
  name,
  began_at: at(60),
  seconds,
  estimate_s: null,
  trouble: null,
  ...special,
});

const renewal = (special) => ({
  golden_id: WANTED,
  why: "its inputs are today's",
  began_at: at(58),
  ended_at: null,
  outcome: null,
  failure: null,
  steps: [step("base", 21.3, { estimate_s: 56 }), step("tools", null, { began_at: at(85), estimate_s: 240 })],
  to_come: 4,
  log: ["== step 2/6: tools", "", "== npm ci --omit=dev", "npm http fetch GET 200 claude-code 812ms"],
  ...special,
});

const CURRENT = {
  promoted: GOLDEN,
  wanted: GOLDEN,
  stale: false,
  policy: "rebuild",
  refusal: null,
  trouble: null,
  roll_back_to: "g-0000000000000bad",
  plan: [
    { kind: "base", name: "l-base-c74e285d456bab06", done: true, last_build_s: 56 },
    { kind: "tools", name: "l-tools-77aa2d11722e646b", done: false, last_build_s: 15 },
    { kind: "golden", name: WANTED, done: false, last_build_s: null },
  ],
  changes: [],
  renewal: null,
  goldens: [
    golden(GOLDEN, "promoted", { wanted: true }),
    golden("g-0000000000000bad", "superseded", { built_at: at(-90_000), since: at(-7900) }),
  ],
};

const STALE = {
  ...CURRENT,
  wanted: WANTED,
  stale: true,
  changes: [
    { layer: "tools", input: "packages.codex", before: "0.168.0", after: "0.169.0" },
    ...Array.from({ length: 11 }, (_, index) => ({
      layer: "agent",
      input: `package.part_${index}.py`,
      before: index === 3 ? null : HASH,
      after: index === 4 ? null : [...HASH].reverse().join(""),
    })),
  ],
  goldens: [
    golden(GOLDEN, "promoted"),
    golden("g-0000000000000bad", "superseded", { built_at: at(-90_000) }),
  ],
};

const STORIES = {
  current: CURRENT,
  renewing: { ...STALE, renewal: renewal() },
  rejected: {
    ...STALE,
    goldens: [golden(WANTED, "rejected", { wanted: true, canaries: [canary(false)] }), ...STALE.goldens],
  },
  failed: {
    ...STALE,
    renewal: renewal({
      ended_at: at(90),
      outcome: "failed",
      failure: {
        code: "package_absent",
        cause: "The step “tools” failed: there is no version 0.199.0 of codex in the registry.",
        remedy:
          "Name a version that exists in images/tools.toml; it is tried again as soon as that is saved.",
      },
      log: ["== npm ci --omit=dev", "npm error code ETARGET", "npm error notarget codex@0.199.0"],
    }),
  },
  refused: {
    ...STALE,
    policy: "refuse",
    refusal: {
      code: "golden_stale",
      cause: `The promoted golden ${GOLDEN} is stale: today's inputs make ${WANTED}.`,
      remedy: "Build and try it: vestibule golden build.",
    },
  },
};

export const GOLDENS = STORIES[process.env.GOLDENS ?? "renewing"];

export const goldenDetail = (id) => {
  const found = GOLDENS.goldens.find((each) => each.golden_id === id);
  return (
    found && {
      golden: found,
      moves: [{ golden_id: id, to: found.status, at: found.since, why: found.why }],
      compared_with: "g-0000000000000bad",
      changes: STALE.changes.slice(0, 3),
      digests: { "rootfs.squashfs": HASH },
    }
  );
};
