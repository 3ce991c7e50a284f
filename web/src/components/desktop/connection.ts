/**
 * The viewer's connection as a state machine, apart from noVNC, timers and React.
 *
 *     asking ──ticket──▶ opening ──opened──▶ shown
 *        └──refused──┐       │ dropped / expired │ dropped
 *                    ▼       ▼                   ▼
 *                  lost ◀────┴───────────────────┘      lost ──retry──▶ asking (a new ticket each time)
 *
 * Every attempt has a number; what an earlier attempt still has to say is ignored.  `problem` stays through the
 * next attempts until one succeeds, so that the reason does not flicker.
 */

import type { Problem, ViewTicket } from "../../api/types";

export type Connection =
  | { kind: "asking"; attempt: number; failures: number; problem: Problem | null }
  | { kind: "opening"; attempt: number; failures: number; problem: Problem | null }
  | { kind: "shown"; attempt: number; failures: number; since: number }
  | { kind: "lost"; attempt: number; failures: number; problem: Problem; retryAt: number };

export type ConnectionEvent =
  | { kind: "ticket"; attempt: number; ticket: ViewTicket }
  | { kind: "refused"; attempt: number; problem: Problem; at: number }
  | { kind: "opened"; attempt: number; at: number }
  | { kind: "dropped"; attempt: number; reason: string; at: number }
  | { kind: "expired"; attempt: number; at: number }
  | { kind: "retry" };

export type Effect =
  | { kind: "ask-ticket"; attempt: number }
  | { kind: "open"; attempt: number; ticket: ViewTicket }
  | { kind: "discard" }
  | { kind: "expire-in"; attempt: number; ms: number }
  | { kind: "retry-in"; ms: number }
  | { kind: "ask-session" }
  | { kind: "restore-focus" };

export type Decision = readonly [Connection, readonly Effect[]];

/** An attempt that shows nothing for this long is given up: no “starting the stream…” for ever. */
const ATTEMPT_MS = 10_000;
/** A connection that held this long was a good one: the next loss begins with the shortest wait again. */
const GOOD_MS = 5_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;

/** How long to wait after this many failures in a row (1, 2, …). */
export function backoffMs(failures: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
}

/** The first attempt; its number must be new, also when the viewer was stopped and is started again. */
export function begin(attempt: number): Decision {
  return ask({ attempt, failures: 0, problem: null });
}

export function decide(state: Connection, event: ConnectionEvent): Decision {
  if (event.kind === "retry")
    return state.kind === "lost" ? ask({ ...state, attempt: state.attempt + 1 }) : [state, []];
  if (event.attempt !== state.attempt || state.kind === "lost") return [state, []];
  switch (event.kind) {
    case "ticket":
      if (state.kind !== "asking") return [state, []];
      return [{ ...state, kind: "opening" }, [{ ...event, kind: "open" }]];
    case "opened":
      if (state.kind !== "opening") return [state, []];
      return [shown(state, event.at), [{ kind: "restore-focus" }]];
    case "refused":
      return lose(state, event.problem, event.at);
    case "dropped":
      return lose(state, dropped(state.kind === "shown", event.reason), event.at);
    case "expired":
      return state.kind === "shown" ? [state, []] : lose(state, silent(), event.at);
  }
}

function shown({ attempt, failures }: Connection, since: number): Connection {
  return { kind: "shown", attempt, failures, since };
}

function ask({
  attempt,
  failures,
  problem,
}: Omit<Extract<Connection, { kind: "asking" }>, "kind">): Decision {
  return [
    { kind: "asking", attempt, failures, problem },
    [
      { kind: "ask-ticket", attempt },
      { kind: "expire-in", attempt, ms: ATTEMPT_MS },
    ],
  ];
}

function lose(state: Connection, problem: Problem, at: number): Decision {
  const good = state.kind === "shown" && at - state.since >= GOOD_MS;
  const failures = good ? 1 : state.failures + 1;
  const ms = backoffMs(failures);
  return [
    { kind: "lost", attempt: state.attempt, failures, problem, retryAt: at + ms },
    [{ kind: "discard" }, { kind: "ask-session" }, { kind: "retry-in", ms }],
  ];
}

const REMEDY = "Nothing to do: the page connects again by itself.  The sign-in goes on in the machine.";

/** @param reason What the controller said when it closed the connection; empty when it could not. */
function dropped(shown: boolean, reason: string): Problem {
  const what = shown
    ? "The connection to the machine's desktop ended"
    : "The machine's desktop could not be opened";
  const why = reason === "" ? "the network, the controller or the machine went away" : reason;
  return { code: shown ? "view_lost" : "view_refused", cause: `${what}: ${why}.`, remedy: REMEDY };
}

function silent(): Problem {
  return {
    code: "view_silent",
    cause: `The machine's desktop showed nothing for ${ATTEMPT_MS / 1000} seconds.`,
    remedy: REMEDY,
  };
}
