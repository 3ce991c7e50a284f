/** A renewal's steps as people follow them: by phase, and in the canary by driver. */

import type { Phase, Renewal, RenewalStep } from "../../api/types";
import { t, type PlainKey } from "../../i18n";

export const PHASES = ["build", "snapshot", "canary", "promotion"] as const satisfies readonly Phase[];

export const PHASE_WORDS: Record<Phase, PlainKey> = {
  build: "goldens.phaseBuild",
  snapshot: "goldens.phaseSnapshot",
  canary: "goldens.canary",
  promotion: "goldens.phasePromotion",
};

export type StepState = "running" | "done" | "troubled" | "stopped";

export interface StepView {
  name: string;
  state: StepState;
  step: RenewalStep;
}

export type GroupState = StepState | "pending";

export interface StepGroup {
  key: string;
  title: string;
  state: GroupState;
  steps: StepView[];
  /** From the first step's begin to the last one's end; null while one runs, or none has begun. */
  seconds: number | null;
  /** How many of its steps have not begun, as far as is known. */
  toCome: number;
}

const DRIVER = /^(container|qemu|firecracker): (.+)$/s;

/** Groups in order; while the renewal is under way, also the phases that every renewal still has before it. */
export function stepGroups(renewal: Renewal): StepGroup[] {
  const groups = new Map<string, StepView[]>();
  for (const step of renewal.steps) {
    const { title, name } = placeOf(step);
    const view = { name, state: stateOf(step, renewal), step };
    groups.set(title, [...(groups.get(title) ?? []), view]);
  }
  const begun = [...groups].map(([title, steps], index) =>
    groupOf(title, steps, index === groups.size - 1 ? renewal.to_come : 0),
  );
  return renewal.outcome === null ? [...begun, ...phasesToCome(renewal)] : begun;
}

function placeOf(step: RenewalStep): { title: string; name: string } {
  const [, driver, name] = DRIVER.exec(step.name) ?? [];
  const phase = t(PHASE_WORDS[step.phase]);
  if (driver === undefined || name === undefined) return { title: phase, name: step.name };
  return { title: `${phase} · ${driver}`, name };
}

function stateOf(step: RenewalStep, renewal: Renewal): StepState {
  if (step.trouble !== null) return "troubled";
  if (step.seconds !== null) return "done";
  return renewal.outcome === null ? "running" : "stopped";
}

/** What of its steps tells most: one that went wrong, then one that runs. */
const TELLING = ["stopped", "troubled", "running"] as const;

function groupOf(title: string, steps: StepView[], toCome: number): StepGroup {
  const state = TELLING.find((each) => steps.some((view) => view.state === each)) ?? "done";
  return { key: title, title, state, steps, seconds: secondsOf(steps), toCome };
}

function secondsOf(steps: readonly StepView[]): number | null {
  const begins = steps.map(({ step }) => new Date(step.began_at).getTime());
  const ends = steps.map(({ step }, index) => (begins[index] ?? 0) + (step.seconds ?? NaN) * 1000);
  const span = (Math.max(...ends) - Math.min(...begins)) / 1000;
  return Number.isFinite(span) ? span : null;
}

function phasesToCome(renewal: Renewal): StepGroup[] {
  const last = Math.max(-1, ...renewal.steps.map(({ phase }) => PHASES.indexOf(phase)));
  return PHASES.filter((phase, index) => index > last && phase !== "snapshot").map((phase) => ({
    key: phase,
    title: t(PHASE_WORDS[phase]),
    state: "pending",
    steps: [],
    seconds: null,
    toCome: 0,
  }));
}

/** One that found everything built wrote no log. */
export const hasLog = (renewal: Renewal): boolean => renewal.log.length > 0;
