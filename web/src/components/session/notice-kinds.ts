/** What each notice is to a person: something to answer, a refusal, or something to know. */

import { isFinal, type Notice, type Session } from "../../api/types";

export type Shown =
  | { kind: "question"; at: string; screen: string; answered: boolean }
  | { kind: "refusal"; at: string; text: string }
  | { kind: "note"; at: string; text: string };

/** All notices but those that the box for the code shows itself. */
export function shownNotices(session: Session): Shown[] {
  const boxed = takesCode(session);
  return (
    session.notices
      .filter((notice) => notice.code !== "tool_error" || !boxed)
      // Of another address only as long as the right one is missing.
      .filter((notice) => notice.code !== "other_url" || session.auth_url === null)
      .map((notice) => shown(notice, session))
  );
}

/** What the tool itself refused last; its next refusal takes the place of this one. */
export const refusalOf = (session: Session): Notice | null =>
  session.notices.findLast(({ code }) => code === "tool_error") ?? null;

/** Whether the page has a box for the provider's code. */
export const takesCode = (session: Session): boolean =>
  !isFinal(session.status) && (session.flow === "paste" || session.code_asked);

function shown({ code, at, text }: Notice, session: Session): Shown {
  switch (code) {
    case "tool_waits":
      // A tool that goes on to its sign-in, or that has ended, asks no more.
      return {
        kind: "question",
        at,
        screen: screenOf(text),
        answered: session.auth_url !== null || isFinal(session.status),
      };
    case "tool_error":
      return { kind: "refusal", at, text };
    default:
      return { kind: "note", at, text };
  }
}

/** The first line says what to do, which the page does itself; the others are the tool's screen. */
function screenOf(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? text : text.slice(end + 1);
}
