import type { SessionStatus } from "../../api/types";
import type { PlainKey } from "../../i18n";
import type { Tone } from "../../ui/pill";

/** A session's state, to its person. */
export const STATUS_WORDS: Record<SessionStatus, { text: PlainKey; tone: Tone }> = {
  started: { text: "session.starting", tone: "busy" },
  vm_created: { text: "session.machineCreated", tone: "busy" },
  ready: { text: "session.ready", tone: "busy" },
  awaiting_user_auth: { text: "session.waitingForYou", tone: "busy" },
  authenticating: { text: "session.sealing", tone: "busy" },
  completed: { text: "session.connected", tone: "good" },
  failed: { text: "session.failed", tone: "bad" },
  timeout: { text: "session.timedOut", tone: "bad" },
  cancelled: { text: "session.cancelled", tone: "quiet" },
};

/** The same to whoever looks at everybody's. */
export const LISTED_STATUS_WORDS: typeof STATUS_WORDS = {
  ...STATUS_WORDS,
  awaiting_user_auth: { text: "session.waitingForPerson", tone: "busy" },
};
