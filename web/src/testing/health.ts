/** What the page of health reads, for tests. */

import type { Failures, HostHealth, HostHistory, HostSample, Starts } from "../api/types";
import { instant } from "./sessions";

export const failuresWith = (special: Partial<Failures> = {}): Failures => ({
  days: 7,
  since: instant(0),
  until: instant(4 * 3600),
  bar_s: 3600,
  of_everybody: true,
  score: { completed: 9, failed: 3, cancelled: 2, success_rate: 0.75 },
  reasons: [
    {
      code: "url_not_seen",
      count: 2,
      newest_hour: instant(3600),
      goldens: [
        { golden_id: "g-1", count: 1 },
        { golden_id: null, count: 1 },
      ],
      over_time: [0, 2, 0, 0],
      examples: [
        {
          session_id: "s-9",
          provider: "codex",
          golden_id: "g-1",
          cause: "The tool showed no address.",
          at: instant(3700),
        },
      ],
    },
    {
      code: "tool_exited",
      count: 1,
      newest_hour: instant(0),
      goldens: [{ golden_id: "g-1", count: 1 }],
      over_time: [1, 0, 0, 0],
      examples: [],
    },
  ],
  goldens: [
    {
      golden_id: "g-1",
      score: { completed: 9, failed: 2, cancelled: 2, success_rate: 9 / 11 },
      codes: [
        { code: "tool_exited", count: 1 },
        { code: "url_not_seen", count: 1 },
      ],
    },
    {
      golden_id: null,
      score: { completed: 0, failed: 1, cancelled: 0, success_rate: 0 },
      codes: [{ code: "url_not_seen", count: 1 }],
    },
  ],
  bars: [0, 1, 2, 3].map((hour) => ({
    since: instant(3600 * hour),
    score: { completed: 2, failed: [1, 2, 0, 0][hour] ?? 0, cancelled: 0, success_rate: null },
  })),
  ...special,
});

export const hostHealthWith = (special: Partial<HostHealth> = {}): HostHealth => ({
  ready: true,
  checks: [
    { name: "database", ok: true, code: null, cause: null, remedy: null },
    { name: "golden", ok: true, code: null, cause: null, remedy: null },
  ],
  mem_total_bytes: 4 * 1024 ** 3,
  mem_available_bytes: 1024 ** 3,
  load: 0.5,
  cpus: 2,
  stalls: [{ resource: "memory", some_10s: 1.5, some_60s: 0.7, full_10s: 0.5, full_60s: 0.2 }],
  disks: [{ folder: "state", free_bytes: 1024 ** 3, total_bytes: 40 * 1024 ** 3 }],
  ...special,
});

export const sampleWith = (special: Partial<HostSample> = {}): HostSample => ({
  at: instant(0),
  cpu_busy: 0.5,
  mem_used_bytes: 1024 ** 3,
  mem_total_bytes: 4 * 1024 ** 3,
  machines: 2,
  ...special,
});

export const historyWith = (special: Partial<HostHistory> = {}): HostHistory => ({
  host: "here",
  every_s: 15,
  samples: [sampleWith({ cpu_busy: 0.25 }), sampleWith({ at: instant(15) })],
  ...special,
});

export const startsWith = (special: Partial<Starts> = {}): Starts => ({
  days: 7,
  of_everybody: true,
  bounds_s: [0.5, 1],
  goldens: [
    {
      golden_id: "g-1",
      driver: "container",
      newest_at: instant(0),
      p50_s: 0.8,
      p99_s: 12,
      counts: [0, 2, 1],
    },
  ],
  ...special,
});
