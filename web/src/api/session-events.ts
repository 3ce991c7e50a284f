/**
 * Follows one session's server-sent events until it is final.
 *
 * A browser's EventSource reconnects by itself and sends Last-Event-ID, but gives up for good when it gets
 * any answer but 200 (a proxy's 502 while the controller restarts).  This wraps it so that following goes on:
 *
 *     connecting ──open──▶ live ──error──▶ connecting …
 *         └──closed──▶ lost ──(delay)──▶ connecting        session final ──▶ closed by us
 */

import { eventsPath } from "./client";
import { isFinal, type Session } from "./types";

export type FeedState = "connecting" | "live" | "lost";

export interface FeedListeners {
  onSession: (session: Session) => void;
  onState: (state: FeedState) => void;
}

const RETRY_MS = 2_000;

/** Starts following; the returned function stops it. */
export function followSession(id: string, listeners: FeedListeners): () => void {
  let source: EventSource | undefined;
  let timer: number | undefined;

  const stop = (): void => {
    window.clearTimeout(timer);
    source?.close();
  };

  const receive = (event: MessageEvent<string>): void => {
    const session = readSession(event.data);
    if (session === null) return;
    listeners.onSession(session);
    // The server ends the stream here; an open EventSource would ask again for ever.
    if (isFinal(session.status)) stop();
  };

  const trouble = (): void => {
    if (source?.readyState !== EventSource.CLOSED) {
      listeners.onState("connecting");
      return;
    }
    listeners.onState("lost");
    timer = window.setTimeout(start, RETRY_MS);
  };

  const start = (): void => {
    listeners.onState("connecting");
    source = new EventSource(eventsPath(id));
    source.addEventListener("open", () => {
      listeners.onState("live");
    });
    source.addEventListener("session", receive);
    source.addEventListener("error", trouble);
  };

  start();
  return stop;
}

/** The session in an event's data; null when the data is not one (logged, because the server broke its word). */
function readSession(data: string): Session | null {
  const parsed: unknown = parse(data);
  if (typeof parsed === "object" && parsed !== null && "session" in parsed) return parsed.session as Session;
  console.error("A session event could not be read", data);
  return null;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
