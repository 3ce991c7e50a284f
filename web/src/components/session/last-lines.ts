/** The end of what tells most of a failure: the tool's own words before the machine's. */

import type { PlainKey } from "../../i18n";

const BY_WORTH: readonly (readonly [piece: string, title: PlainKey])[] = [
  ["screen", "session.lastScreen"],
  ["agent_log", "session.lastAgentLog"],
  ["console", "session.lastConsole"],
];
const LINES = 6;

export function lastLines(
  evidence: Readonly<Record<string, string>>,
): { title: PlainKey; lines: string } | null {
  for (const [piece, title] of BY_WORTH) {
    const lines = (evidence[piece] ?? "").split("\n").filter((line) => line.trim() !== "");
    if (lines.length > 0) return { title, lines: lines.slice(-LINES).join("\n") };
  }
  return null;
}
