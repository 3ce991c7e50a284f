/** Which of four things fills the session page. */

import { own } from "../../api/problem";
import { isFinal, type Failure, type FinalStatus, type Problem, type Session } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import { lastGoodStep } from "./rail";

/** The controller's failure, or one that the page words itself. */
export type ToldFailure = Failure & { own?: true };

export type Area =
  | { kind: "preparing" }
  | { kind: "desktop"; vmId: string }
  | { kind: "connected"; credentialId: string | null }
  | { kind: "ended"; title: string; tone: "bad" | "quiet"; failure: ToldFailure };

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
      return ended("session.failedTitle", "bad", session, "unexplained");
    case "timeout":
      return ended("session.timedOutTitle", "bad", session, "deadline_passed");
    case "cancelled":
      return ended("session.cancelled", "quiet", session, "cancelled");
  }
}

/** What is told of an end for which the controller recorded no failure. */
const UNTOLD = {
  deadline_passed: ["session.timeout", "session.againRemedy"],
  cancelled: ["session.cancelledCause", "session.againRemedy"],
  unexplained: ["session.unexplained", "session.unexplainedRemedy"],
} as const satisfies Record<string, readonly [cause: PlainKey, remedy: PlainKey]>;

function ended(title: PlainKey, tone: "bad" | "quiet", session: Session, code: keyof typeof UNTOLD): Area {
  const [cause, remedy] = UNTOLD[code];
  const failure = session.failure ?? { ...own(code, t(cause), t(remedy)), ...known(session) };
  return { kind: "ended", title: t(title), tone, failure };
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
