/**
 * Follows server-sent events, each of which carries a whole thing (a session, everything about goldens).
 *
 * A browser's EventSource reconnects by itself and sends Last-Event-ID, but gives up for good when it gets
 * any answer but 200 (a proxy's 502 while the controller restarts).  This wraps it so that following goes on:
 *
 *     connecting ──open──▶ live ──error──▶ connecting …
 *         └──closed──▶ lost ──(delay)──▶ connecting        the last event ──▶ closed by us
 */

/** "troubled": connected, but the server says that it cannot tell for now; the next event ends that. */
export type FeedState = "connecting" | "live" | "lost" | "troubled";

/** The event's name with which a server says so. */
const TROUBLE = "trouble";

export interface Feed<Thing> {
  path: string;
  /** The events' name. */
  event: string;
  /** The thing in an event's parsed data; null when the data is not one. */
  read: (data: unknown) => Thing | null;
  /** Whether the server ends the stream after it: an open EventSource would ask again for ever. */
  isLast: (thing: Thing) => boolean;
}

export interface FeedListeners<Thing> {
  onEvent: (thing: Thing) => void;
  onState: (state: FeedState) => void;
}

/** Longer each time, until a connection opens; the last one again and again. */
const RETRY_MS = [2_000, 4_000, 8_000, 15_000] as const;

/** Starts following; the returned function stops it. */
export function follow<Thing>(feed: Feed<Thing>, listeners: FeedListeners<Thing>): () => void {
  let source: EventSource | undefined;
  let timer: number | undefined;
  let failures = 0;
  const stop = (): void => {
    window.clearTimeout(timer);
    source?.close();
  };
  const receive = (event: MessageEvent<string>): void => {
    const thing = feed.read(parse(event.data));
    if (thing === null) {
      // The server broke its word.
      console.error(`An event “${feed.event}” could not be read`, event.data);
      return;
    }
    listeners.onState("live");
    listeners.onEvent(thing);
    if (feed.isLast(thing)) stop();
  };
  const trouble = (): void => {
    if (source?.readyState !== EventSource.CLOSED) {
      listeners.onState("connecting");
      return;
    }
    listeners.onState("lost");
    timer = window.setTimeout(start, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
  };
  const start = (): void => {
    listeners.onState("connecting");
    source = new EventSource(feed.path);
    source.addEventListener("open", () => {
      failures = 0;
      listeners.onState("live");
    });
    source.addEventListener(feed.event, receive);
    source.addEventListener(TROUBLE, () => {
      listeners.onState("troubled");
    });
    source.addEventListener("error", trouble);
  };
  start();
  return stop;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
