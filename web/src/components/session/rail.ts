/** What the step rail shows, from a session alone: pure, so that page and tests agree. */

import { isFinal, type Session, type SessionStatus } from "../../api/types";
import type { PlainKey } from "../../i18n";

export const ORDER = [
  "started",
  "vm_created",
  "ready",
  "awaiting_user_auth",
  "authenticating",
  "completed",
] as const satisfies readonly SessionStatus[];

export type Step = (typeof ORDER)[number];

export type RailStep =
  | { step: Step; state: "done"; at: string; sinceStart: number }
  | { step: Step; state: "current" }
  | { step: Step; state: "failed" | "stopped"; at: string | null }
  | { step: Step; state: "pending" }
  | { step: Step; state: "skipped" };

/** What a step is called once it is reached, and while it is worked on. */
export const STEP_WORDS: Record<Step, { reached: PlainKey; working: PlainKey }> = {
  started: { reached: "session.started", working: "session.starting" },
  vm_created: { reached: "session.machineCreated", working: "session.creatingMachine" },
  ready: { reached: "session.ready", working: "session.waking" },
  awaiting_user_auth: { reached: "session.pageOpen", working: "session.startingTool" },
  authenticating: { reached: "session.credentialSeen", working: "session.waitingForSignIn" },
  completed: { reached: "session.connected", working: "session.checkingCredential" },
};

/** The rail's six steps.  The first one not reached is being worked on, or is where the session failed or stopped. */
export function railSteps(session: Session): RailStep[] {
  const reachedAt = new Map(session.stages.map((stage) => [stage.status, stage.at]));
  const last = ORDER.findLastIndex((step) => reachedAt.has(step));
  return ORDER.map((step, index) => {
    const at = reachedAt.get(step);
    if (at !== undefined) return { step, state: "done", at, sinceStart: sinceStart(session, at) };
    if (index < last) return { step, state: "skipped" };
    return index === last + 1 ? frontier(session, step) : { step, state: "pending" };
  });
}

/** The last step that was reached, with its time: what a person is told when something breaks. */
export function lastGoodStep(session: Session): { step: Step; at: string } | null {
  const done = railSteps(session).findLast((step) => step.state === "done");
  return done === undefined ? null : { step: done.step, at: done.at };
}

function frontier(session: Session, step: Step): RailStep {
  if (!isFinal(session.status)) return { step, state: "current" };
  // What somebody cancelled has not failed.
  const state = session.status === "cancelled" ? "stopped" : "failed";
  return { step, state, at: session.completed_at };
}

function sinceStart(session: Session, at: string): number {
  return Math.max(0, (new Date(at).getTime() - new Date(session.created_at).getTime()) / 1000);
}
