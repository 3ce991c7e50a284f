/** Dates, numbers and lengths of time by the browser's own rules for the person's locale and zone. */

import { locale } from "./language";

/** Making a format is slow, and a table asks for the same one in every row. */
const made = new Map<string, object>();

function kept<Format extends object>(
  kind: string,
  options: object,
  make: (locale: string) => Format,
): Format {
  const name = `${kind} ${locale()} ${JSON.stringify(options)}`;
  const format = (made.get(name) as Format | undefined) ?? make(locale());
  made.set(name, format);
  return format;
}

/** @param iso An instant, ISO 8601. */
export const format = (iso: string, options: Intl.DateTimeFormatOptions): string =>
  kept("date", options, (name) => new Intl.DateTimeFormat(name, options)).format(new Date(iso));

/** With exactly so many digits after the point; large numbers in groups. */
export function number(value: number, digits: number): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return kept("number", options, (name) => new Intl.NumberFormat(name, options)).format(value);
}

/** “3 days” */
export function units(count: number, unit: "day" | "hour" | "minute"): string {
  const options = { style: "unit", unit, unitDisplay: "long" } as const;
  return kept("unit", options, (name) => new Intl.NumberFormat(name, options)).format(count);
}

/** “in 3 days”, “3 days ago” */
export const relative = (count: number, unit: "day" | "hour" | "minute"): string =>
  kept("relative", {}, (name) => new Intl.RelativeTimeFormat(name)).format(count, unit);
