/** Why a desktop is not there, in people's words with the next step: the controller closes with short reasons. */

import type { Problem } from "../../api/types";

/** How a connection ended. */
export interface End {
  /** Of the close frame (RFC 6455, section 7.4.1); 1006 when there was none. */
  code: number;
  /** The controller's (api/vnc.py, routes/machines.py): a failure's code or a few words; empty without a frame. */
  reason: string;
  /** Whether the browser believes that it has a network. */
  online: boolean;
}

const BY_ITSELF = "Nothing to do: the page connects again by itself.  The sign-in goes on in the machine.";
const SOON = "In a moment this page says what became of the sign-in.";

const ENDED: Problem = { code: "machine_absent", cause: "The machine has ended.", remedy: SOON };
const USED_TICKET: Problem = {
  code: "view_refused",
  cause: "The controller no longer knew the permission to look at the desktop, which is good once, for 30 s.",
  remedy: "Nothing to do: the page asks for a new one.",
};

/** What the controller says → what it means. */
const REASONS: Readonly<Record<string, Problem>> = {
  "the machine has ended": ENDED,
  machine_absent: ENDED,
  "the controller stops": {
    code: "controller_stops",
    cause: "The controller is being stopped or replaced.",
    remedy: "Nothing to do if it comes back: sign-ins go on, and the page connects again by itself.",
  },
  "the view ticket is unknown, used or expired": USED_TICKET,
  "a view ticket of this origin is needed": {
    code: "view_refused",
    cause: "This page came from another address than the one that the controller serves people at.",
    remedy: "Open the dashboard at the controller's own address; behind a proxy, public_url has to name it.",
  },
  machine_unconfirmed: {
    code: "machine_unconfirmed",
    cause: "The machine has not confirmed yet that it is the one that was asked for.",
    remedy: "Nothing to do: its desktop opens once it has.",
  },
  machine_not_paused: {
    code: "machine_not_paused",
    cause: "The machine stood still because nobody looked at it, and could not be set going again.",
    remedy: "If it stays so, cancel the sign-in and try again: a new one gets a fresh machine.",
  },
  agent_unreachable: {
    code: "agent_unreachable",
    cause: "The machine does not answer the controller: it may be starved of processor or memory, or hang.",
    remedy: "If it stays so, cancel the sign-in and try again; Health says how the host is.",
  },
  vnc_absent: {
    code: "vnc_absent",
    cause: "The machine runs, but its desktop does not answer.",
    remedy: "The machine starts it again by itself; if it stays so, cancel the sign-in and try again.",
  },
};

/** @param shown Whether the desktop had been on the screen. */
export function causeOfEnd(end: End, shown: boolean): Problem {
  const known = REASONS[end.reason];
  if (known !== undefined) return known;
  const code = shown ? "view_lost" : "view_refused";
  if (!end.online) return { code, cause: "This device has no network.", remedy: BY_ITSELF };
  if (end.reason === "")
    return { code, cause: `${what(shown)}: ${withoutReason(end.code)}.`, remedy: BY_ITSELF };
  return {
    code: /^[a-z_]+$/.test(end.reason) ? end.reason : code,
    cause: `${what(shown)}.  The controller's reason: ${end.reason}.`,
    remedy: "The page tries again by itself; the controller's log tells more.",
  };
}

/** A desktop that was shown, and whose connection stands. */
export const FROZEN: Problem = {
  code: "view_frozen",
  cause: "The connection stands, but nothing comes through it any more: not even an answer of the desktop.",
  remedy: BY_ITSELF,
};

/** @param seconds For how long a desktop was waited for. */
export function neverShown(seconds: number): Problem {
  return {
    code: "view_silent",
    cause: `The machine's desktop showed nothing for ${seconds} seconds.`,
    remedy: BY_ITSELF,
  };
}

const what = (shown: boolean): string =>
  shown
    ? "The connection to the machine's desktop broke"
    : "The connection to the machine's desktop could not be made";

function withoutReason(code: number): string {
  switch (code) {
    case 1006:
      return "the network, a proxy or the controller went away without a word";
    case 1009:
      return "a message was larger than something in between lets through";
    case 1012:
    case 1013:
      return "a proxy in between restarts or is too busy";
    default:
      return "the controller or the machine ended it and gave no reason";
  }
}
