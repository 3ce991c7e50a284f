/** Which of four things fills the session page. */

import { isFinal, type Failure, type FinalStatus, type Session } from "../../api/types";

export type Area =
  | { kind: "preparing" }
  | { kind: "desktop"; vmId: string }
  | { kind: "connected"; credentialId: string | null }
  | { kind: "ended"; title: string; failure: Failure };

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
      return { kind: "ended", title: "The sign-in failed", failure: session.failure ?? unexplained(status) };
    case "timeout":
      return { kind: "ended", title: "Time ran out", failure: session.failure ?? TIMEOUT };
    case "cancelled":
      return { kind: "ended", title: "Cancelled", failure: session.failure ?? CANCELLED };
  }
}

const REMEDY = "Try again: a new sign-in gets a fresh machine.";

const TIMEOUT: Failure = {
  code: "deadline_passed",
  cause: "Nobody finished the sign-in before its deadline, so its machine was destroyed.",
  remedy: REMEDY,
  stage: "timeout",
  evidence: {},
};

const CANCELLED: Failure = {
  code: "cancelled",
  cause: "The sign-in was cancelled and its machine destroyed.  No credential was kept.",
  remedy: REMEDY,
  stage: "cancelled",
  evidence: {},
};

function unexplained(stage: FinalStatus): Failure {
  return {
    code: "unexplained",
    cause: "The controller recorded no cause for this failure, which is a defect of Vestibule.",
    remedy: "Report it with the controller's log, then try again.",
    stage,
    evidence: {},
  };
}
