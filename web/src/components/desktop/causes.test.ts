import { describe, expect, it } from "vitest";

import { causeOfEnd, isForGood } from "./causes";

const end = (code: number, reason = "", online = true) => ({ code, reason, online });

describe("the cause of a connection's end", () => {
  it.each([
    [end(1001, "the machine has ended"), "machine_absent", /machine has ended/],
    [end(1011, "machine_absent"), "machine_absent", /machine has ended/],
    [end(1001, "the controller stops"), "controller_stops", /stopped or replaced/],
    [end(4401, "view_ticket_invalid"), "view_ticket_invalid", /permission/],
    [end(4401, "not_signed_in"), "not_signed_in", /without the permission/],
    [end(4401, "view_link_unknown"), "view_link_unknown", /knows no such link/],
    [end(4403, "foreign_origin"), "foreign_origin", /another address/],
    [end(4403, "watcher_refused"), "watcher_refused", /does not allow/],
    [end(4404, "machine_absent"), "machine_absent", /machine has ended/],
    [end(4410, "view_link_expired"), "view_link_expired", /time of this link is over/],
    [end(4410, "view_link_revoked"), "view_link_revoked", /took this link back/],
    [end(4410, "session_over"), "session_over", /sign-in has ended/],
    [end(4429, "too_many_viewers"), "too_many_viewers", /As many pages/],
    [end(1011, "agent_unreachable"), "agent_unreachable", /does not answer the controller/],
    [end(1011, "vnc_absent"), "vnc_absent", /its desktop does not answer/],
    [end(1011, "broker_gone"), "broker_gone", /The controller's reason: broker_gone/],
    [end(4000, "Out of order"), "view_lost", /The controller's reason: Out of order/],
    [end(1006), "view_lost", /went away without a word/],
    [end(1013), "view_lost", /too busy/],
    [end(1005), "view_lost", /gave no reason/],
    [end(1006, "", false), "view_lost", /no network/],
  ])("is told in people's words: %j", (how, code, cause) => {
    const problem = causeOfEnd(how, true);
    expect(problem.code).toBe(code);
    expect(problem.cause).toMatch(cause);
    expect(problem.remedy).not.toBe("");
  });

  it.each([
    ["view_link_expired", true],
    ["session_over", true],
    ["too_many_viewers", false],
    ["machine_absent", false],
    ["", false],
  ])("says of %j whether it stays so: %s", (reason, forGood) => {
    expect(isForGood(causeOfEnd(end(4000, reason), true))).toBe(forGood);
  });

  it("says whether a desktop broke off or never opened", () => {
    expect(causeOfEnd(end(1006), true).cause).toMatch(/broke/);
    expect(causeOfEnd(end(1006), false)).toMatchObject({
      code: "view_refused",
      cause: expect.stringMatching(/could not be made/) as string,
    });
  });
});
