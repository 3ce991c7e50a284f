/** Finding a text in a log: pure, so that view and tests agree. */

/** Where the text begins, each time, in whatever case; none for an empty one. */
export function matchesOf(log: string, sought: string): number[] {
  if (sought === "") return [];
  const found: number[] = [];
  const haystack = log.toLowerCase();
  const needle = sought.toLowerCase();
  // A letter that becomes two in lower case would move all that is behind it: then as it is written.
  const [where, what] = haystack.length === log.length ? [haystack, needle] : [log, sought];
  for (let at = where.indexOf(what); at !== -1; at = where.indexOf(what, at + what.length)) found.push(at);
  return found;
}

export interface Piece {
  text: string;
  /** Which match it is, from 0; null: none. */
  match: number | null;
}

/** The log in pieces: its matches, and what is between them. */
export function piecesOf(log: string, matches: readonly number[], length: number): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  matches.forEach((at, match) => {
    if (at > end) pieces.push({ text: log.slice(end, at), match: null });
    pieces.push({ text: log.slice(at, at + length), match });
    end = at + length;
  });
  if (end < log.length) pieces.push({ text: log.slice(end), match: null });
  return pieces;
}

/** The match after, or before, the present one: around the end. */
export const step = (present: number, by: 1 | -1, count: number): number =>
  count === 0 ? 0 : (present + by + count) % count;
