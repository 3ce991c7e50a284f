/** Which of four things fills the session page. */

import { isFinal, type Failure, type FinalStatus, type Problem, type Session } from "../../api/types";
import { lastGoodStep } from "./rail";

export type Area =
  | { kind: "preparing" }
  | { kind: "desktop"; vmId: string }
  | { kind: "connected"; credentialId: string | null }
  | { kind: "ended"; title: string; tone: "bad" | "quiet"; failure: Failure };

/** A viewer only when the API allows `view`: never before there is a machine, never after. */
export function areaOf(session: Session): Area {
  if (isFinal(session.status)) return ending(session, session.status);
  if (session.vm_id !== null && session.actions.includes("view"))
    return { kind: "desktop", vmId: session.vm_id };
  return { kind: "preparing" };
}

function ending(session: Session, status: FinalStatus): Area {
  switch (status) {
    case "completed":
      return { kind: "connected", credentialId: session.credential_id };
    case "failed":
      return ended("The sign-in failed", "bad", session.failure ?? { ...UNEXPLAINED, ...known(session) });
    case "timeout":
      return ended("Time ran out", "bad", session.failure ?? { ...TIMEOUT, ...known(session) });
    case "cancelled":
      return ended("Cancelled", "quiet", session.failure ?? { ...CANCELLED, ...known(session) });
  }
}

function ended(title: string, tone: "bad" | "quiet", failure: Failure): Area {
  return { kind: "ended", title, tone, failure };
}

/** What the session tells of an end that has no failure of its own. */
function known(session: Session): Omit<Failure, keyof Problem> {
  return {
    stage: lastGoodStep(session)?.step ?? session.status,
    evidence: {},
    retryable: true,
    golden_id: session.golden_id,
    agent_build: session.agent_build,
  };
}

const REMEDY = "Try again: a new sign-in gets a fresh machine.";

const TIMEOUT: Problem = {
  code: "deadline_passed",
  cause: "Nobody finished the sign-in before its deadline, so its machine was destroyed.",
  remedy: REMEDY,
};

const CANCELLED: Problem = {
  code: "cancelled",
  cause: "The sign-in was cancelled and its machine destroyed.  No credential was kept.",
  remedy: REMEDY,
};

const UNEXPLAINED: Problem = {
  code: "unexplained",
  cause: "The controller recorded no cause for this failure, which is a defect of Vestibule.",
  remedy: "Report it with the controller's log, then try again.",
};
