import { describe, expect, it } from "vitest";

import type { ViewTicket } from "../../api/types";
import type { End } from "./causes";
import { backoffMs, begin, decide, type Connection, type ConnectionEvent } from "./connection";

const TICKET: ViewTicket = {
  ticket: "t",
  websocket: "/ws",
  terminal: "/t",
  copies: "/c",
  expires_at: "2026-11-03T14:05:30Z",
};
const PROBLEM = { code: "absent", cause: "No such machine.", remedy: "Try again." };
const CUT: End = { code: 1006, reason: "", online: true };

/** The state after these events, from the beginning. */
function after(...events: ConnectionEvent[]): Connection {
  return events.reduce<Connection>((state, event) => decide(state, event)[0], begin(1)[0]);
}

const ticket = (attempt: number): ConnectionEvent => ({ kind: "ticket", attempt, ticket: TICKET });
const opened = (attempt: number, at = 0): ConnectionEvent => ({ kind: "opened", attempt, at });
const shown = (attempt: number, at = 0): ConnectionEvent[] => [ticket(attempt), opened(attempt, at)];
const loss = (attempt: number, at = 0, chance = 1) => ({ attempt, at, chance });
const dropped = (attempt: number, at = 0): ConnectionEvent => ({
  kind: "dropped",
  end: CUT,
  ...loss(attempt, at),
});
const refused = (attempt: number, at = 0): ConnectionEvent => ({
  kind: "refused",
  problem: PROBLEM,
  ...loss(attempt, at),
});
const expired = (attempt: number): ConnectionEvent => ({ kind: "expired", ...loss(attempt, 10_000) });
const silent = (attempt: number): ConnectionEvent => ({ kind: "silent", ...loss(attempt, 20_000) });
const RETRY: ConnectionEvent = { kind: "retry" };

const KINDS = ["asking", "opening", "shown", "lost"] as const;
const IN: Record<(typeof KINDS)[number], Connection> = {
  asking: after(),
  opening: after(ticket(1)),
  shown: after(...shown(1)),
  lost: after(refused(1)),
};

describe("the viewer's connection", () => {
  it.each(["asking", "opening", "shown"] as const)(
    "is over for good from %s, and does not try again",
    (kind) => {
      const end: End = { code: 4410, reason: "view_link_revoked", online: true };
      const [over, effects] = decide(IN[kind], { kind: "dropped", end, ...loss(1) });
      expect(over).toMatchObject({ kind: "over", problem: { code: "view_link_revoked" } });
      expect(effects.map((effect) => effect.kind)).toEqual(["discard", "ask-session"]);
      for (const event of [RETRY, ticket(1), opened(1), dropped(1), expired(1)])
        expect(decide(over, event)).toEqual([over, []]);
    },
  );

  it.each<[string, ConnectionEvent, Record<(typeof KINDS)[number], string>]>([
    ["ticket", ticket(1), { asking: "opening", opening: "-", shown: "-", lost: "-" }],
    ["opened", opened(1), { asking: "-", opening: "shown", shown: "-", lost: "-" }],
    ["refused", refused(1), { asking: "lost", opening: "lost", shown: "lost", lost: "-" }],
    ["dropped", dropped(1), { asking: "lost", opening: "lost", shown: "lost", lost: "-" }],
    ["expired", expired(1), { asking: "lost", opening: "lost", shown: "-", lost: "-" }],
    ["silent", silent(1), { asking: "lost", opening: "lost", shown: "lost", lost: "-" }],
    ["retry", RETRY, { asking: "-", opening: "-", shown: "-", lost: "asking" }],
    ["late", dropped(0), { asking: "-", opening: "-", shown: "-", lost: "-" }],
  ])("goes from each state where %s takes it, and stays where that means nothing", (_, event, to) => {
    for (const kind of KINDS) {
      const [next, effects] = decide(IN[kind], event);
      if (to[kind] === "-") expect([next, effects], kind).toEqual([IN[kind], []]);
      else expect(next.kind, kind).toBe(to[kind]);
    }
  });

  it.each<[string, Connection, ConnectionEvent, string]>([
    ["broke", IN.shown, dropped(1), "view_lost"],
    ["could not be opened", IN.opening, dropped(1), "view_refused"],
    ["showed nothing", IN.opening, expired(1), "view_silent"],
    ["froze", IN.shown, silent(1), "view_frozen"],
    ["was refused", IN.asking, refused(1), "absent"],
  ])("tells by a code of its own that a desktop %s", (_, state, event, code) => {
    expect(decide(state, event)[0]).toMatchObject({ kind: "lost", problem: { code } });
  });

  it("asks for a ticket, opens with it, then restores the focus", () => {
    expect(begin(1)[1]).toContainEqual({ kind: "ask-ticket", attempt: 1 });
    const [opening, effects] = decide(begin(1)[0], ticket(1));
    expect(effects).toEqual([{ kind: "open", attempt: 1, ticket: TICKET }]);
    expect(decide(opening, opened(1))[1]).toEqual([{ kind: "restore-focus" }]);
  });

  it("gives a loss up, asks what became of the session, and tries again", () => {
    const [lost, effects] = decide(IN.shown, dropped(1, 9_000));
    expect(lost).toMatchObject({ kind: "lost", retryAt: 9_250 });
    expect(effects).toEqual([{ kind: "discard" }, { kind: "ask-session" }, { kind: "retry-in", ms: 250 }]);
  });

  it("takes a new ticket for every attempt", () => {
    expect(decide(IN.lost, RETRY)[1]).toContainEqual({ kind: "ask-ticket", attempt: 2 });
  });

  it("keeps telling the reason until an attempt succeeds", () => {
    const again = after(refused(1), RETRY);
    expect(again).toMatchObject({ kind: "asking", problem: PROBLEM });
    const back = shown(2, 1).reduce<Connection>((state, event) => decide(state, event)[0], again);
    expect(back).toEqual({ kind: "shown", attempt: 2, failures: 1, since: 1 });
  });

  it("waits longer after every failure, up to a limit, and half of it by chance", () => {
    const failures = [1, 2, 3, 4, 5, 6, 7];
    expect(failures.map((count) => backoffMs(count, 1))).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000]);
    expect(failures.map((count) => backoffMs(count, 0))).toEqual([125, 250, 500, 1000, 2000, 4000, 4000]);
    expect(after(refused(1), RETRY, refused(2))).toMatchObject({ failures: 2, retryAt: 500 });
    const lucky: ConnectionEvent = { kind: "refused", problem: PROBLEM, ...loss(2, 0, 0.5) };
    expect(after(refused(1), RETRY, lucky)).toMatchObject({ failures: 2, retryAt: 375 });
  });

  it("counts a connection that broke at once as a failure, one that held as none", () => {
    const second = [refused(1), RETRY, ...shown(2)];
    expect(after(...second, dropped(2, 100))).toMatchObject({ failures: 2 });
    expect(after(...second, dropped(2, 60_000))).toMatchObject({ failures: 1 });
  });
});
