import { expect, it } from "vitest";

import { sequenceOf, TERMINAL_KEYS } from "./terminal-keys";

it.each([
  [false, ["\u001b", "\t", "\u0003", "\u001b[D", "\u001b[A", "\u001b[B", "\u001b[C"]],
  [true, ["\u001b", "\t", "\u0003", "\u001bOD", "\u001bOA", "\u001bOB", "\u001bOC"]],
])("sends keys as the program asked for them (application's: %s)", (application, sequences) => {
  expect(TERMINAL_KEYS.map((key) => sequenceOf(key, application))).toEqual(sequences);
});
