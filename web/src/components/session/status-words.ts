import type { SessionStatus } from "../../api/types";
import type { Tone } from "../../ui/pill";

/** A session's state, to its person. */
export const STATUS_WORDS: Record<SessionStatus, { text: string; tone: Tone }> = {
  started: { text: "Starting", tone: "busy" },
  vm_created: { text: "Machine created", tone: "busy" },
  ready: { text: "Ready", tone: "busy" },
  awaiting_user_auth: { text: "Waiting for you", tone: "busy" },
  authenticating: { text: "Sealing the credential", tone: "busy" },
  completed: { text: "Connected", tone: "good" },
  failed: { text: "Failed", tone: "bad" },
  timeout: { text: "Timed out", tone: "bad" },
  cancelled: { text: "Cancelled", tone: "quiet" },
};

/** The same to whoever looks at everybody's. */
export const LISTED_STATUS_WORDS: typeof STATUS_WORDS = {
  ...STATUS_WORDS,
  awaiting_user_auth: { text: "Waiting for its person", tone: "busy" },
};
