/** What each step of the timeline is called, and how it looks: pure, so that page and tests agree. */

import { isFinal, type Session, type TimelineStep } from "../../api/types";

export type Mark = "done" | "running" | "bad" | "stopped";

export const WORDS: Record<TimelineStep["name"], string> = {
  golden: "Choosing the golden",
  queue: "Waiting for a place",
  start: "Starting the machine",
  confirm: "Checking the machine",
  login: "Starting the tool’s sign-in",
  person: "You sign in",
  claim: "Taking the credential",
  seal: "Sealing the credential",
  destroy: "Destroying the machine",
};

/** What a mark says in words, for whoever does not see it. */
export const MARK_WORDS: Record<Mark, string> = {
  done: "done",
  running: "going on",
  bad: "failed",
  stopped: "stopped",
};

export function markOf({ outcome }: TimelineStep): Mark {
  switch (outcome) {
    case null:
      return "running";
    case "done":
      return "done";
    case "failed":
      return "bad";
    case "cancelled":
    case "lost":
      return "stopped";
  }
}

/** What came of it, when that is more than that it is done. */
export function remarkOf({ outcome, error_code }: TimelineStep): string | null {
  switch (outcome) {
    case "failed":
      return error_code ?? "failed";
    case "cancelled":
      return "cancelled";
    case "lost":
      return "lost with the controller";
    case "done":
    case null:
      return null;
  }
}

const SETTLES_MS = 60_000;

/** Whether the end of an ended session's machine is still to come: no event tells of it. */
export function isSettling(session: Session, steps: readonly TimelineStep[], nowMs: number): boolean {
  if (!isFinal(session.status) || session.vm_id === null || session.completed_at === null) return false;
  const destroyed = steps.some(({ name, ended_at }) => name === "destroy" && ended_at !== null);
  return !destroyed && nowMs - new Date(session.completed_at).getTime() < SETTLES_MS;
}
