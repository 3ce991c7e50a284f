import { describe, expect, it } from "vitest";

import { instant, sessionIn } from "../testing/sessions";
import { newestSession } from "./newest-session";

const NOTICE = { code: "tool_error", text: "The tool says: Invalid code", at: instant(9) };

describe("of two readings of a session", () => {
  it("the one with more stages is the later", () => {
    const before = sessionIn("ready");
    const after = sessionIn("awaiting_user_auth");
    expect(newestSession(after, before).status).toBe("awaiting_user_auth");
    expect(newestSession(before, after).status).toBe("awaiting_user_auth");
  });

  it("an answer that an event has overtaken takes no notice, code or question away", () => {
    const event = sessionIn("awaiting_user_auth", { notices: [NOTICE], user_code: "WDJB", code_asked: true });
    const answer = sessionIn("awaiting_user_auth", { deadline_at: instant(999) });
    expect(newestSession(event, answer)).toEqual({ ...event, deadline_at: instant(999) });
  });

  it("the last notice of each code counts, whichever has it", () => {
    const again = { ...NOTICE, text: "The tool says: Expired code", at: instant(12) };
    const other = { code: "login_unverified", text: "It could not confirm its login.", at: instant(11) };
    const event = sessionIn("awaiting_user_auth", { notices: [again] });
    const answer = sessionIn("awaiting_user_auth", { notices: [NOTICE, other] });
    expect(newestSession(event, answer).notices).toEqual([other, again]);
    expect(newestSession(answer, event).notices).toEqual([other, again]);
  });

  it("the one that was read later counts where their histories are alike", () => {
    const titled = sessionIn("ready", { page_title: "Sign in" });
    expect(newestSession(sessionIn("ready"), titled)).toEqual(titled);
  });

  it("a final one stays as it is", () => {
    const ended = sessionIn("completed");
    expect(newestSession(ended, sessionIn("authenticating", { notices: [NOTICE] }))).toBe(ended);
  });

  it("another session's takes the place", () => {
    const other = sessionIn("started", { session_id: "s-2" });
    expect(newestSession(sessionIn("completed"), other)).toBe(other);
  });
});
