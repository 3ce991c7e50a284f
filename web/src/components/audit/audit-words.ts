/** What the audit tells, in a person's words. */

import type { AuditAction, AuditOutcome } from "../../api/types";
import type { Tone } from "../../ui/pill";

export const ACTION_WORDS: Record<AuditAction, string> = {
  signed_in: "Signed in here",
  sign_in_link_made: "Made a sign-in link",
  user_added: "Added a user",
  user_removed: "Removed a user",
  token_issued: "Issued an API token",
  token_revoked: "Revoked an API token",
  sign_in_started: "Started a sign-in",
  sign_in_cancelled: "Cancelled a sign-in",
  machine_started: "Started a machine",
  machine_stopped: "Stopped a machine",
  machine_destroyed: "Destroyed a machine",
  golden_renewed: "Asked for a rebuild",
  golden_promoted: "Promoted a golden",
  golden_rolled_back: "Rolled a golden back",
  golden_rejected: "Rejected a golden",
  golden_not_renewed: "Could not renew the golden",
  credential_sealed: "Sealed a credential",
  credential_checked_out: "Checked a credential out",
  credential_returned: "Returned a credential",
  credential_refused: "Returned a refused credential",
  credential_exported: "Exported a credential",
  credential_revoked: "Deleted a credential",
  key_rotated: "Rotated the master key",
  operator_asked: "Asked for the operator’s own",
};

export const OUTCOME_WORDS: Record<AuditOutcome, { text: string; tone: Tone }> = {
  done: { text: "Done", tone: "good" },
  refused: { text: "Refused", tone: "warn" },
  failed: { text: "Failed", tone: "bad" },
};

/** Who did what nobody here did. */
export const NOBODY = "the controller";
