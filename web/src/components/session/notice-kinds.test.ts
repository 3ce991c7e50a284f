import { describe, expect, it } from "vitest";

import { instant, sessionIn } from "../../testing/sessions";
import { shownNotices, takesCode } from "./notice-kinds";

const WAITS = { code: "tool_waits", text: "It waits. On its screen:\nPick one:\n> a", at: instant(1) };
const REFUSES = { code: "tool_error", text: "The tool says: Invalid code", at: instant(2) };

describe("the notices of a session", () => {
  it("hold the tool's question with nothing but its screen", () => {
    expect(shownNotices(sessionIn("ready", { notices: [WAITS] }))).toEqual([
      { kind: "question", at: instant(1), screen: "Pick one:\n> a", answered: false },
    ]);
  });

  it("know that a question is answered once there is a sign-in address", () => {
    expect(shownNotices(sessionIn("awaiting_user_auth", { notices: [WAITS] }))).toMatchObject([
      { answered: true },
    ]);
  });

  it("leave a refusal to the box for the code", () => {
    const session = sessionIn("awaiting_user_auth", { flow: "paste", notices: [REFUSES] });
    expect(shownNotices(session)).toEqual([]);
  });

  it("hold an address that was not accepted until the right one comes", () => {
    const other = { code: "other_url", text: "The tool shows an address …", at: instant(2) };
    expect(shownNotices(sessionIn("ready", { notices: [other] }))).toMatchObject([{ kind: "note" }]);
    expect(shownNotices(sessionIn("awaiting_user_auth", { notices: [other] }))).toEqual([]);
  });

  it("hold a refusal where there is no box, and at the end", () => {
    const refusal = { kind: "refusal", at: REFUSES.at, text: REFUSES.text };
    expect(shownNotices(sessionIn("awaiting_user_auth", { notices: [REFUSES] }))).toEqual([refusal]);
    expect(shownNotices(sessionIn("failed", { flow: "paste", notices: [REFUSES] }))).toEqual([refusal]);
  });
});

describe("the box for the code", () => {
  it("is there from the start when a code will be pasted", () => {
    expect(takesCode(sessionIn("started", { flow: "paste" }))).toBe(true);
  });

  it("comes in any flow once the tool asks", () => {
    expect(takesCode(sessionIn("awaiting_user_auth", { code_asked: true }))).toBe(true);
  });

  it("is gone at the end", () => {
    expect(takesCode(sessionIn("completed", { flow: "paste", code_asked: true }))).toBe(false);
  });
});
