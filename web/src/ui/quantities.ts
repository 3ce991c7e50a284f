/** Shares and sizes as people read them, in their own way of writing numbers. */

import { number } from "../i18n/formats";

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
