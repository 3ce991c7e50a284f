import { describe, expect, it } from "vitest";

import { causeOfEnd } from "./causes";

const end = (code: number, reason = "", online = true) => ({ code, reason, online });

describe("the cause of a connection's end", () => {
  it.each([
    [end(1001, "the machine has ended"), "machine_absent", /machine has ended/],
    [end(1011, "machine_absent"), "machine_absent", /machine has ended/],
    [end(1001, "the controller stops"), "controller_stops", /stopped or replaced/],
    [end(1008, "the view ticket is unknown, used or expired"), "view_refused", /permission/],
    [end(1008, "a view ticket of this origin is needed"), "view_refused", /another address/],
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

  it("says whether a desktop broke off or never opened", () => {
    expect(causeOfEnd(end(1006), true).cause).toMatch(/broke/);
    expect(causeOfEnd(end(1006), false)).toMatchObject({
      code: "view_refused",
      cause: expect.stringMatching(/could not be made/) as string,
    });
  });
});
