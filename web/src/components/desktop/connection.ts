/**
 * The viewer's connection as a state machine, apart from noVNC, timers and React.
 *
 *     asking ──ticket──▶ opening ──opened──▶ shown
 *        └──refused──┐       │ dropped / expired │ dropped / silent
 *                    ▼       ▼                   ▼
 *                  lost ◀────┴───────────────────┘      lost ──retry──▶ asking (a new ticket each time)
 *
 * A cause that stays (the view link is over) leads to `over` in place of `lost`, and nothing from there.
 *
 * Every attempt has a number; what an earlier attempt still has to say is ignored.  `problem` stays through the
 * next attempts until one succeeds, so that the reason does not flicker.
 */

import type { Problem, ViewTicket } from "../../api/types";
import { causeOfEnd, frozen, isForGood, neverShown, type End } from "./causes";

export type Connection =
  | { kind: "asking"; attempt: number; failures: number; problem: Problem | null }
  | { kind: "opening"; attempt: number; failures: number; problem: Problem | null }
  | { kind: "shown"; attempt: number; failures: number; since: number }
  | { kind: "lost"; attempt: number; failures: number; problem: Problem; retryAt: number }
  | { kind: "over"; attempt: number; failures: number; problem: Problem };

/** When an attempt failed, and where in the span of its wait the next one comes: 0 to 1, by chance. */
interface Loss {
  attempt: number;
  at: number;
  chance: number;
}

export type ConnectionEvent =
  | { kind: "ticket"; attempt: number; ticket: ViewTicket }
  | ({ kind: "refused"; problem: Problem } & Loss)
  | { kind: "opened"; attempt: number; at: number }
  | ({ kind: "dropped"; end: End } & Loss)
  | ({ kind: "expired" | "silent" } & Loss)
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

/**
 * How long to wait after this many failures in a row (1, 2, …).
 *
 * Half of it is left to chance: the viewers of a controller that went away do not all come back at once.
 */
export function backoffMs(failures: number, chance: number): number {
  const longest = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
  return Math.round((longest * (1 + chance)) / 2);
}

/** The first attempt; its number must be new, also when the viewer was stopped and is started again. */
export function begin(attempt: number): Decision {
  return ask({ attempt, failures: 0, problem: null });
}

export function decide(state: Connection, event: ConnectionEvent): Decision {
  if (event.kind === "retry")
    return state.kind === "lost" ? ask({ ...state, attempt: state.attempt + 1 }) : [state, []];
  if (event.attempt !== state.attempt || state.kind === "lost" || state.kind === "over") return [state, []];
  switch (event.kind) {
    case "ticket":
      if (state.kind !== "asking") return [state, []];
      return [{ ...state, kind: "opening" }, [{ ...event, kind: "open" }]];
    case "opened":
      if (state.kind !== "opening") return [state, []];
      return [shown(state, event.at), [{ kind: "restore-focus" }]];
    case "refused":
      return lose(state, event.problem, event);
    case "dropped":
      return lose(state, causeOfEnd(event.end, state.kind === "shown"), event);
    case "expired":
      return state.kind === "shown" ? [state, []] : lose(state, neverShown(ATTEMPT_MS / 1000), event);
    case "silent":
      return lose(state, frozen(), event);
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

function lose(state: Connection, problem: Problem, { at, chance }: Loss): Decision {
  if (isForGood(problem)) {
    const { attempt, failures } = state;
    return [{ kind: "over", attempt, failures, problem }, [{ kind: "discard" }, { kind: "ask-session" }]];
  }
  const good = state.kind === "shown" && at - state.since >= GOOD_MS;
  const failures = good ? 1 : state.failures + 1;
  const ms = backoffMs(failures, chance);
  return [
    { kind: "lost", attempt: state.attempt, failures, problem, retryAt: at + ms },
    [{ kind: "discard" }, { kind: "ask-session" }, { kind: "retry-in", ms }],
  ];
}
