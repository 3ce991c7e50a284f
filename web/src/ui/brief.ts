/** Long identifiers as people tell them apart: by how they begin. */

const DIGITS = 12;
const PREFIX = /^[a-z]+-/;

/** The first 12 digits of an identifier after its prefix (`vm-`), with an ellipsis when there were more. */
export function brief(id: string): string {
  const prefix = PREFIX.exec(id)?.[0] ?? "";
  const digits = id.slice(prefix.length);
  return digits.length > DIGITS ? `${prefix}${digits.slice(0, DIGITS)}…` : id;
}
