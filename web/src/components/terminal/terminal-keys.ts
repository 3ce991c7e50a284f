/** Keys that phones lack, as a terminal sends them (ECMA-48; xterm's “PC-Style Function Keys”). */

const ESC = "\u001b";

export const TERMINAL_KEYS = ["escape", "tab", "interrupt", "left", "up", "down", "right"] as const;
export type TerminalKey = (typeof TERMINAL_KEYS)[number];

/** What arrows end in, after a prefix that depends on the program. */
const ARROWS = { up: "A", down: "B", right: "C", left: "D" } as const;

/** `application`: the program has asked for the application's cursor keys (DECCKM). */
export function sequenceOf(key: TerminalKey, application: boolean): string {
  switch (key) {
    case "escape":
      return ESC;
    case "tab":
      return "\t";
    case "interrupt":
      return "\u0003";
    case "left":
    case "up":
    case "down":
    case "right":
      return `${ESC}${application ? "O" : "["}${ARROWS[key]}`;
  }
}
