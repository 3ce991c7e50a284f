/** How the page of health says numbers. */

import type { FailureBar, SignInScore } from "../../api/types";
import { t } from "../../i18n";
import { number } from "../../i18n/formats";
import { clockMinutes, dateAt, moment } from "../../ui/time";

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** “98.4 %”; whole numbers without a digit after the point; null: nothing to divide. */
export function percent(rate: number | null): string {
  if (rate === null) return "–";
  const tenths = Math.round(rate * 1000) / 10;
  // 99.96 % is not all of them.
  const shown = tenths === 100 && rate < 1 ? 99.9 : tenths;
  return `${number(shown, Number.isInteger(shown) ? 0 : 1)} %`;
}

/** “3.2 GiB”, “512 MiB”. */
export function bytes(count: number): string {
  const power = Math.min(UNITS.length - 1, count < 1 ? 0 : Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${number(value, value < 10 && power > 0 ? 1 : 0)} ${UNITS[power] ?? "B"}`;
}

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
