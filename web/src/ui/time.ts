/** Times as people read them.  Instants come as ISO 8601 text from the API; `now` is handed in. */

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
const MOMENT = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DATE_OF_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

/** 14:05:09 */
export const clock = (iso: string): string => CLOCK.format(new Date(iso));

/** 3 Nov 2026, 14:05 */
export const day = (iso: string): string => DAY.format(new Date(iso));

/** 3 Nov, 14:05 */
export const moment = (iso: string): string => MOMENT.format(new Date(iso));

/** 3 Nov; with its year when that is not the present one. */
export function dateAt(iso: string, nowMs: number): string {
  const at = new Date(iso);
  return (at.getFullYear() === new Date(nowMs).getFullYear() ? DATE : DATE_OF_YEAR).format(at);
}

/** Seconds from one instant to another, negative when `to` is earlier. */
export const secondsBetween = (from: string, to: string): number =>
  (new Date(to).getTime() - new Date(from).getTime()) / 1000;

/** +0.42 s, +12 s, +3 min */
export const elapsed = (seconds: number): string => `+${duration(seconds)}`;

/** 0.42 s, 12 s, 3 min, 2 h */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 2 * MINUTE_S) return `${seconds.toFixed(0)} s`;
  if (seconds < 2 * HOUR_S) return `${Math.round(seconds / MINUTE_S)} min`;
  return `${Math.round(seconds / HOUR_S)} h`;
}

/** 0:09, 12:30; never below zero. */
export function countdown(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / MINUTE_S)}:${String(left % MINUTE_S).padStart(2, "0")}`;
}

/** “3 days”, “5 hours”, “20 minutes”: a length of time in its largest unit. */
export function roughly(seconds: number): string {
  const units = [
    [DAY_S, "day"],
    [HOUR_S, "hour"],
    [MINUTE_S, "minute"],
  ] as const;
  const [size, name] = units.find(([unit]) => seconds >= unit) ?? [MINUTE_S, "minute"];
  const count = Math.max(1, Math.floor(seconds / size));
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** “just now”, “3 minutes ago”. */
export const ago = (seconds: number): string => (seconds < MINUTE_S ? "just now" : `${roughly(seconds)} ago`);

/** 7 s, 1:05: what a running thing has taken so far, in whole seconds. */
export const running = (seconds: number): string =>
  seconds < MINUTE_S ? `${Math.max(0, Math.floor(seconds))} s` : countdown(Math.floor(seconds));

/** “about 40 s to go”, “about 3 min to go”, “any moment now”: a guess, as coarse as it is. */
export function toGo(seconds: number): string {
  if (seconds <= 0) return "any moment now";
  if (seconds < 1.5 * MINUTE_S) return `about ${Math.ceil(seconds)} s to go`;
  return `about ${Math.round(seconds / MINUTE_S)} min to go`;
}
