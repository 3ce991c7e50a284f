import type { Session } from "../../api/types";
import { t } from "../../i18n";

/** Where a sign-in waits for a machine and the controller's reason (English); null when it does not wait. */
export function queueWords(session: Session): { place: string; reason: string | null } | null {
  if (session.queue_place === null) return null;
  return { place: t("session.queuePlace", { place: session.queue_place }), reason: session.queue_reason };
}
