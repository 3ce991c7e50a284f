/** What has come of the code that was pasted last. */

import type { Notice, Problem } from "../../api/types";
import { t } from "../../i18n";

export type Sending =
  { kind: "idle" } | { kind: "busy" } | { kind: "sent" } | { kind: "refused"; problem: Problem };

export type Outcome =
  { kind: "none" } | { kind: "busy" } | { kind: "sent" } | { kind: "wrong"; cause: string; remedy: string };

/** `refusal`: what the tool has said since the code was sent. */
export function outcomeOf(sending: Sending, refusal: Notice | null): Outcome {
  switch (sending.kind) {
    case "busy":
      return { kind: "busy" };
    case "refused":
      return { kind: "wrong", cause: sending.problem.cause, remedy: sending.problem.remedy };
    case "idle":
    case "sent":
      if (refusal !== null)
        return {
          kind: "wrong",
          cause: refusal.text.replace(/([^.!?])$/, "$1."),
          remedy: t("session.pasteAgain"),
        };
      return { kind: sending.kind === "sent" ? "sent" : "none" };
  }
}
