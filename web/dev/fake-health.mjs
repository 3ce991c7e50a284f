/** What `fake-server.mjs` tells of failures; HEALTH names the story: some (default), none, sound, trouble. */

import { GOLDEN } from "./fake-data.mjs";

const STORY = process.env.HEALTH ?? "some";
const OLD = "g-0ddba11c0ffee000";
const GIB = 1024 ** 3;

const score = (completed, failed, cancelled = 0) => ({
  completed,
  failed,
  cancelled,
  success_rate: completed + failed === 0 ? null : completed / (completed + failed),
});

const STEPS = { 1: [24, 3600], 7: [28, 6 * 3600], 30: [30, 86_400] };

export function failuresOf(days) {
  const [count, bar_s] = STEPS[days] ?? STEPS[7];
  const since = (index) => new Date(Date.now() - (count - index) * bar_s * 1000).toISOString();
  const failing = STORY === "some" || STORY === "trouble";
  const failed = (index) => (failing ? [0, 0, 1, 0, 3, 0, 2][index % 7] : 0);
  const urls = (index) => (failing && index % 7 === 4 ? 2 : 0);
  const completed = (index) => (STORY === "none" ? 0 : [4, 7, 9, 6, 8, 2, 5][index % 7]);
  const indexes = Array.from({ length: count }, (_, index) => index);
  const sum = (of) => indexes.reduce((total, index) => total + of(index), 0);
  const url = sum(urls);
  const rest = sum(failed) - url;
  const example = (id, provider, cause, hours) => ({
    session_id: id,
    provider,
    golden_id: GOLDEN,
    cause,
    at: new Date(Date.now() - hours * 3_600_000).toISOString(),
  });
  const reasons = [
    {
      code: "url_not_seen",
      count: url,
      newest_hour: since(count - 2),
      goldens: [
        { golden_id: OLD, count: url - 1 },
        { golden_id: GOLDEN, count: 1 },
      ],
      over_time: indexes.map(urls),
      examples: [
        example("s-failed", "codex", "The tool showed no sign-in address within 300 s.", 2),
        example(
          "s-failed-2",
          "gemini-cli",
          "The tool showed no sign-in address within 300 s. It showed others, which the provider file does not accept.",
          9,
        ),
      ],
    },
    {
      code: "login_timeout",
      count: rest - 1,
      newest_hour: since(count - 2),
      goldens: [{ golden_id: GOLDEN, count: rest - 1 }],
      over_time: indexes.map((index) => failed(index) - urls(index)),
      examples: [],
    },
    {
      code: "host_out_of_memory",
      count: 1,
      newest_hour: since(2),
      goldens: [{ golden_id: null, count: 1 }],
      over_time: indexes.map(() => 0),
      examples: [
        example(
          "s-failed-3",
          "claude-code",
          "The host is short of memory: it killed a process of the machine.",
          30,
        ),
      ],
    },
  ];
  return {
    days,
    since: since(0),
    until: new Date().toISOString(),
    bar_s,
    of_everybody: process.env.OPERATOR !== "no",
    score: score(sum(completed), sum(failed), STORY === "none" ? 0 : 4),
    reasons: failing ? reasons.sort((one, other) => other.count - one.count) : [],
    goldens:
      STORY === "none"
        ? []
        : [
            {
              golden_id: GOLDEN,
              score: score(sum(completed) - 20, rest, 4),
              codes: failing
                ? [
                    { code: "login_timeout", count: rest - 1 },
                    { code: "url_not_seen", count: 1 },
                  ]
                : [],
            },
            ...(failing
              ? [
                  {
                    golden_id: OLD,
                    score: score(20, url - 1),
                    codes: [{ code: "url_not_seen", count: url - 1 }],
                  },
                  { golden_id: null, score: score(0, 1), codes: [{ code: "host_out_of_memory", count: 1 }] },
                ]
              : []),
          ],
    bars: indexes.map((index) => ({ since: since(index), score: score(completed(index), failed(index)) })),
  };
}

const good = (name) => ({ name, ok: true, code: null, cause: null, remedy: null });
const FULL = {
  name: "disk",
  ok: false,
  code: "disk_full",
  cause: "112 MiB are free below state_dir; sign-ins want 256 (min_free_mib).",
  remedy: "Free space on the disk of state_dir: vestibule golden gc, and the evidence folder.",
};

export const HOST_HEALTH = {
  ready: STORY !== "trouble",
  checks: [...["database", "broker", "golden", "vault"].map(good), STORY === "trouble" ? FULL : good("disk")],
  mem_total_bytes: 7.8 * GIB,
  mem_available_bytes: 3.1 * GIB,
  load: 1.42,
  cpus: 2,
  stalls: [
    { resource: "cpu", some_10s: 12.4, some_60s: 6.1, full_10s: 0, full_60s: 0 },
    { resource: "memory", some_10s: 0.3, some_60s: 0.1, full_10s: 0.1, full_60s: 0 },
    { resource: "io", some_10s: 2.2, some_60s: 1.9, full_10s: 1, full_60s: 0.8 },
  ],
  disks: [
    { folder: "state", free_bytes: STORY === "trouble" ? 0.11 * GIB : 22 * GIB, total_bytes: 40 * GIB },
    { folder: "run", free_bytes: 0.7 * GIB, total_bytes: 0.8 * GIB },
    { folder: "cache", free_bytes: 61 * GIB, total_bytes: 200 * GIB },
  ],
};
