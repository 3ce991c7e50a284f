/** Sizes of files as people read them. */

const UNITS = ["B", "KiB", "MiB", "GiB"] as const;

/** `1.5 MiB`: three digits at most, in the unit that has them. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${UNITS[unit] ?? ""}`;
}
