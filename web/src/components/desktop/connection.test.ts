import { describe, expect, it } from "vitest";

import type { ViewTicket } from "../../api/types";
import { backoffMs, begin, decide, type Connection, type ConnectionEvent } from "./connection";

const TICKET: ViewTicket = { ticket: "t", websocket: "/ws", expires_at: "2026-11-03T14:05:30Z" };
const PROBLEM = { code: "absent", cause: "No such machine.", remedy: "Try again." };

/** The state after these events, from the beginning. */
function after(...events: ConnectionEvent[]): Connection {
  return events.reduce<Connection>((state, event) => decide(state, event)[0], begin(1)[0]);
}

const shown = (attempt: number, at: number): ConnectionEvent[] => [
  { kind: "ticket", attempt, ticket: TICKET },
  { kind: "opened", attempt, at },
];

describe("the viewer's connection", () => {
  it("asks for a ticket, opens with it, then restores the focus", () => {
    expect(begin(1)[1]).toContainEqual({ kind: "ask-ticket", attempt: 1 });
    const [opening, effects] = decide(begin(1)[0], { kind: "ticket", attempt: 1, ticket: TICKET });
    expect(effects).toEqual([{ kind: "open", attempt: 1, ticket: TICKET }]);
    expect(decide(opening, { kind: "opened", attempt: 1, at: 5 })[1]).toEqual([{ kind: "restore-focus" }]);
  });

  it("tells the cause of a loss, asks what became of the session, and tries again", () => {
    const [lost, effects] = decide(after(...shown(1, 0)), {
      kind: "dropped",
      attempt: 1,
      reason: "",
      at: 9_000,
    });
    expect(lost).toMatchObject({ kind: "lost", problem: { code: "view_lost" }, retryAt: 9_250 });
    expect(effects).toEqual([{ kind: "discard" }, { kind: "ask-session" }, { kind: "retry-in", ms: 250 }]);
  });

  it("hands on the reason that the controller gave", () => {
    const lost = after(...shown(1, 0), {
      kind: "dropped",
      attempt: 1,
      reason: "the machine has ended",
      at: 1,
    });
    expect(lost).toMatchObject({
      problem: { cause: expect.stringContaining("the machine has ended") as string },
    });
  });

  it("takes a new ticket for every attempt", () => {
    const lost = after(...shown(1, 0), {
      kind: "dropped",
      attempt: 1,
      reason: "the machine has ended",
      at: 1,
    });
    expect(decide(lost, { kind: "retry" })[1]).toContainEqual({ kind: "ask-ticket", attempt: 2 });
  });

  it("keeps telling the reason until an attempt succeeds", () => {
    const again = after({ kind: "refused", attempt: 1, problem: PROBLEM, at: 0 }, { kind: "retry" });
    expect(again).toMatchObject({ kind: "asking", problem: PROBLEM });
    const back = shown(2, 1).reduce<Connection>((state, event) => decide(state, event)[0], again);
    expect(back).toEqual({ kind: "shown", attempt: 2, failures: 1, since: 1 });
  });

  it("waits longer after every failure, up to a limit", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(backoffMs)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000]);
    const twice = after(
      { kind: "refused", attempt: 1, problem: PROBLEM, at: 0 },
      { kind: "retry" },
      { kind: "refused", attempt: 2, problem: PROBLEM, at: 0 },
    );
    expect(twice).toMatchObject({ failures: 2, retryAt: 500, problem: PROBLEM });
  });

  it("counts a connection that broke at once as a failure, one that held as none", () => {
    const refused: ConnectionEvent[] = [
      { kind: "refused", attempt: 1, problem: PROBLEM, at: 0 },
      { kind: "retry" },
    ];
    const drop = (at: number): ConnectionEvent => ({ kind: "dropped", attempt: 2, reason: "", at });
    expect(after(...refused, ...shown(2, 0), drop(100))).toMatchObject({ failures: 2 });
    expect(after(...refused, ...shown(2, 0), drop(60_000))).toMatchObject({ failures: 1 });
  });

  it("gives up an attempt that shows nothing, but not one that does", () => {
    const expired: ConnectionEvent = { kind: "expired", attempt: 1, at: 10_000 };
    expect(after(expired)).toMatchObject({ kind: "lost", problem: { code: "view_silent" } });
    expect(after(...shown(1, 0), expired)).toMatchObject({ kind: "shown" });
  });

  it("ignores what an earlier attempt still says", () => {
    const second = after({ kind: "refused", attempt: 1, problem: PROBLEM, at: 0 }, { kind: "retry" });
    for (const late of shown(1, 3)) expect(decide(second, late)).toEqual([second, []]);
    expect(decide(second, { kind: "dropped", attempt: 1, reason: "", at: 3 })).toEqual([second, []]);
  });
});
