/** What each step of the timeline is called, and how it looks: pure, so that page and tests agree. */

import { isFinal, type Session, type TimelineStep } from "../../api/types";
import { t, type PlainKey } from "../../i18n";

export type Mark = "done" | "running" | "bad" | "stopped";

export const WORDS: Record<TimelineStep["name"], PlainKey> = {
  golden: "session.stepGolden",
  queue: "session.stepQueue",
  start: "session.stepStart",
  take: "session.stepTake",
  confirm: "session.stepConfirm",
  login: "session.startingTool",
  person: "session.stepPerson",
  claim: "session.stepClaim",
  seal: "session.sealing",
  destroy: "session.stepDestroy",
};

/** What a mark says in words, for whoever does not see it. */
export const MARK_WORDS: Record<Mark, PlainKey> = {
  done: "session.markDone",
  running: "session.markRunning",
  bad: "session.markBad",
  stopped: "session.markStopped",
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
      return error_code ?? t("session.markBad");
    case "cancelled":
      return t("session.remarkCancelled");
    case "lost":
      return t("session.remarkLost");
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
