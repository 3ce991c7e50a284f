/** How the page of health says numbers. */

import type { FailureBar, SignInScore } from "../../api/types";
import { t } from "../../i18n";
import { clockMinutes, dateAt, moment } from "../../ui/time";

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

/** Sign-ins that ended, cancelled ones included. */
export const ended = (score: SignInScore): number => score.completed + score.failed + score.cancelled;

/** What a bar says when it is pointed at. */
export function barWords(bar: FailureBar, barS: number): string {
  const { completed, failed, cancelled } = bar.score;
  return t("health.barWords", { start: barStart(bar.since, barS), completed, failed, cancelled });
}

/** When a bar begins, as exact as its width needs. */
export function barStart(since: string, barS: number): string {
  if (barS <= HOUR_S) return clockMinutes(since);
  return barS < DAY_S ? moment(since) : dateAt(since, Date.now());
}

/** How good a rate is, in the tones of the page. */
export function toneOf(rate: number | null): "quiet" | "good" | "warn" | "bad" {
  if (rate === null) return "quiet";
  if (rate >= 0.98) return "good";
  return rate >= 0.9 ? "warn" : "bad";
}
