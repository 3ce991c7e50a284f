/** Times as people read them, in their language and zone.  Instants come as ISO 8601 text; `now` is handed in. */

import { t } from "../i18n";
import { format, number, relative, units } from "../i18n/formats";

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
const CLOCK_MINUTES = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const DAY = { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" } as const;
const DATE = { day: "numeric", month: "short" } as const;
const MOMENT = { ...DATE, ...CLOCK_MINUTES } as const;
const DATE_OF_YEAR = { ...DATE, year: "numeric" } as const;

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

/** 14:05:09 */
export const clock = (iso: string): string => format(iso, CLOCK);

/** 14:05 */
export const clockMinutes = (iso: string): string => format(iso, CLOCK_MINUTES);

/** 3 Nov 2026, 14:05 */
export const day = (iso: string): string => format(iso, DAY);

/** 3 Nov, 14:05 */
export const moment = (iso: string): string => format(iso, MOMENT);

/** 3 Nov; with its year when that is not the present one. */
export function dateAt(iso: string, nowMs: number): string {
  const thisYear = new Date(iso).getFullYear() === new Date(nowMs).getFullYear();
  return format(iso, thisYear ? DATE : DATE_OF_YEAR);
}

/** Seconds from one instant to another, negative when `to` is earlier. */
export const secondsBetween = (from: string, to: string): number =>
  (new Date(to).getTime() - new Date(from).getTime()) / 1000;

/** +0.42 s, +12 s, +3 min */
export const elapsed = (seconds: number): string => `+${duration(seconds)}`;

/** 0.42 s, 12 s, 3 min, 2 h: the units' symbols are the same everywhere. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${number(seconds, 2)} s`;
  if (seconds < 2 * MINUTE_S) return `${number(seconds, 0)} s`;
  if (seconds < 2 * HOUR_S) return `${number(seconds / MINUTE_S, 0)} min`;
  return `${number(seconds / HOUR_S, 0)} h`;
}

/** 0:09, 12:30; never below zero. */
export function countdown(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / MINUTE_S)}:${String(left % MINUTE_S).padStart(2, "0")}`;
}

/** “3 days”, “5 hours”, “20 minutes”: a length of time in its largest unit. */
export function roughly(seconds: number): string {
  const { count, unit } = largest(seconds);
  return units(count, unit);
}

/** “in 3 days”, “5 hours ago”: how far an instant is, in its largest unit; past ones are negative. */
export function fromNow(seconds: number): string {
  const { count, unit } = largest(Math.abs(seconds));
  return relative(seconds < 0 ? -count : count, unit);
}

function largest(seconds: number): { count: number; unit: "day" | "hour" | "minute" } {
  const sizes = [
    [DAY_S, "day"],
    [HOUR_S, "hour"],
    [MINUTE_S, "minute"],
  ] as const;
  const [size, unit] = sizes.find(([each]) => seconds >= each) ?? [MINUTE_S, "minute"];
  return { count: Math.max(1, Math.floor(seconds / size)), unit };
}

/** “just now”, “3 minutes ago”. */
export const ago = (seconds: number): string =>
  seconds < MINUTE_S ? t("common.justNow") : fromNow(-seconds);

/** 7 s, 1:05: what a running thing has taken so far, in whole seconds. */
export const running = (seconds: number): string =>
  seconds < MINUTE_S ? `${Math.max(0, Math.floor(seconds))} s` : countdown(Math.floor(seconds));

/** “about 40 s to go”, “about 3 min to go”, “any moment now”: a guess, as coarse as it is. */
export function toGo(seconds: number): string {
  if (seconds <= 0) return t("common.anyMoment");
  if (seconds < 1.5 * MINUTE_S) return t("common.aboutSeconds", { count: Math.ceil(seconds) });
  return t("common.aboutMinutes", { count: Math.round(seconds / MINUTE_S) });
}
