/** Why a desktop is not there, in people's words with the next step: the controller closes with short reasons. */

import { own, type OwnProblem } from "../../api/problem";
import type { Problem } from "../../api/types";
import { t, type PlainKey } from "../../i18n";

/** How a connection ended. */
export interface End {
  /** Of the close frame (RFC 6455, section 7.4.1); 1006 when there was none. */
  code: number;
  /** The controller's (api/vnc.py, routes/machines.py): a failure's code or a few words; empty without a frame. */
  reason: string;
  /** Whether the browser believes that it has a network. */
  online: boolean;
}

/** A cause's code, and its texts. */
type Told = readonly [code: string, cause: PlainKey, remedy: PlainKey];

const ENDED: Told = ["machine_absent", "desktop.ended", "desktop.soon"];
const USED_TICKET: Told = ["view_ticket_invalid", "desktop.usedTicket", "desktop.usedTicketRemedy"];

/** How a view link ends → what that means to who watches; nothing will come by itself after any of them. */
const LINK_ENDS: Readonly<Record<string, Told>> = {
  view_link_expired: ["view_link_expired", "watch.expired", "watch.another"],
  view_link_revoked: ["view_link_revoked", "watch.revoked", "watch.another"],
  view_link_unknown: ["view_link_unknown", "watch.unknown", "watch.unknownRemedy"],
  session_over: ["session_over", "watch.over", "watch.overRemedy"],
  watcher_refused: ["watcher_refused", "watch.refused", "watch.refusedRemedy"],
};

/** Whether connecting again would come to the same end. */
export const isForGood = ({ code }: Problem): boolean => code in LINK_ENDS;

/** What the controller says → what it means. */
const REASONS: Readonly<Record<string, Told>> = {
  "the machine has ended": ENDED,
  machine_absent: ENDED,
  "the controller stops": ["controller_stops", "desktop.stops", "desktop.stopsRemedy"],
  view_ticket_invalid: USED_TICKET,
  not_signed_in: ["not_signed_in", "desktop.noTicket", "desktop.noTicketRemedy"],
  too_many_viewers: ["too_many_viewers", "desktop.tooMany", "desktop.tooManyRemedy"],
  ...LINK_ENDS,
  foreign_origin: ["foreign_origin", "desktop.otherOrigin", "desktop.otherOriginRemedy"],
  machine_unconfirmed: ["machine_unconfirmed", "desktop.unconfirmed", "desktop.unconfirmedRemedy"],
  machine_not_paused: ["machine_not_paused", "desktop.paused", "desktop.pausedRemedy"],
  agent_unreachable: ["agent_unreachable", "desktop.agentSilent", "desktop.agentSilentRemedy"],
  vnc_absent: ["vnc_absent", "desktop.vncAbsent", "desktop.vncAbsentRemedy"],
};

const told = ([code, cause, remedy]: Told): OwnProblem => own(code, t(cause), t(remedy));

/** @param shown Whether the desktop had been on the screen. */
export function causeOfEnd(end: End, shown: boolean): OwnProblem {
  const known = REASONS[end.reason];
  if (known !== undefined) return told(known);
  const code = shown ? "view_lost" : "view_refused";
  if (!end.online) return told([code, "problems.offline", "desktop.byItself"]);
  const what = t(shown ? "desktop.broke" : "desktop.notMade");
  if (end.reason === "") return own(code, `${what} ${t(withoutReason(end.code))}`, t("desktop.byItself"));
  return own(
    /^[a-z_]+$/.test(end.reason) ? end.reason : code,
    t("desktop.withReason", { what, reason: end.reason }),
    t("desktop.withReasonRemedy"),
  );
}

/** A desktop that was shown, and whose connection stands. */
export const frozen = (): OwnProblem => told(["view_frozen", "desktop.frozen", "desktop.byItself"]);

/** @param seconds For how long a desktop was waited for. */
export const neverShown = (seconds: number): OwnProblem =>
  own("view_silent", t("desktop.neverShown", { seconds }), t("desktop.byItself"));

function withoutReason(code: number): PlainKey {
  switch (code) {
    case 1006:
      return "desktop.gone1006";
    case 1009:
      return "desktop.gone1009";
    case 1012:
    case 1013:
      return "desktop.gone1012";
    default:
      return "desktop.goneOther";
  }
}
