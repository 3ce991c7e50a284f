/** How far something had come when it failed: a state of a session or a machine, or a phase of a renewal. */

import { t, type PlainKey } from "../../i18n";
import { PHASE_WORDS } from "../goldens/steps";
import { STEP_WORDS } from "../session/rail";
import { MACHINE_STATES } from "./machine-words";

const STAGES: Readonly<Record<string, PlainKey>> = {
  ...MACHINE_STATES,
  ...PHASE_WORDS,
  ...Object.fromEntries(Object.entries(STEP_WORDS).map(([step, { reached }]) => [step, reached])),
};

/** One that this page does not know is told as it came. */
export function stageWords(stage: string | null): string | null {
  const words = stage === null ? undefined : STAGES[stage];
  return words === undefined ? stage : t(words);
}
