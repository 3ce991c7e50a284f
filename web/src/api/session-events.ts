/** One session's events, until it is final. */

import { eventsPath } from "./client";
import type { Feed } from "./event-feed";
import { isFinal, type Session } from "./types";

export const sessionFeed = (id: string): Feed<Session> => ({
  path: eventsPath(id),
  event: "session",
  read: (data) =>
    typeof data === "object" && data !== null && "session" in data ? (data.session as Session) : null,
  isLast: (session) => isFinal(session.status),
});
