/** What the audit tells, in a person's words. */

import type { AuditAction, AuditOutcome } from "../../api/types";
import type { PlainKey } from "../../i18n";
import type { Tone } from "../../ui/pill";

export const ACTION_WORDS: Record<AuditAction, PlainKey> = {
  signed_in: "audit.signedIn",
  sign_in_link_made: "audit.linkMade",
  user_added: "audit.userAdded",
  user_removed: "audit.userRemoved",
  token_issued: "audit.tokenIssued",
  token_revoked: "audit.tokenRevoked",
  sign_in_started: "audit.signInStarted",
  sign_in_cancelled: "audit.signInCancelled",
  machine_started: "audit.machineStarted",
  machine_stopped: "audit.machineStopped",
  machine_destroyed: "audit.machineDestroyed",
  file_uploaded: "audit.fileUploaded",
  file_downloaded: "audit.fileDownloaded",
  golden_renewed: "audit.goldenRenewed",
  golden_promoted: "audit.goldenPromoted",
  golden_rolled_back: "audit.goldenRolledBack",
  golden_rejected: "audit.goldenRejected",
  golden_not_renewed: "audit.goldenNotRenewed",
  credential_sealed: "audit.credentialSealed",
  credential_checked_out: "audit.credentialCheckedOut",
  credential_returned: "audit.credentialReturned",
  credential_refused: "audit.credentialRefused",
  credential_exported: "audit.credentialExported",
  credential_revoked: "audit.credentialRevoked",
  key_rotated: "audit.keyRotated",
  view_link_made: "audit.viewLinkMade",
  view_link_opened: "audit.viewLinkOpened",
  view_link_revoked: "audit.viewLinkRevoked",
  view_link_expired: "audit.viewLinkExpired",
  operator_asked: "audit.operatorAsked",
};

export const OUTCOME_WORDS: Record<AuditOutcome, { text: PlainKey; tone: Tone }> = {
  done: { text: "audit.done", tone: "good" },
  refused: { text: "audit.refused", tone: "warn" },
  failed: { text: "audit.failed", tone: "bad" },
};

/** Who did what nobody here did. */
export const NOBODY: PlainKey = "audit.nobody";
