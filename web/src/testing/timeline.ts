/** Steps of a timeline for tests. */

import type { TimelineStep } from "../api/types";
import { instant } from "./sessions";

/** A step that took 0.42 s and is done. */
export const stepOf = (name: TimelineStep["name"], special: Partial<TimelineStep> = {}): TimelineStep => ({
  number: 1,
  name,
  started_at: instant(1),
  ended_at: instant(1.42),
  duration_s: 0.42,
  outcome: "done",
  error_code: null,
  ...special,
});
