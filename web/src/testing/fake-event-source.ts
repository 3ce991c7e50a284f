/** An EventSource whose events the test sends. */

import type { Session } from "../api/types";

type Listener = (event: Event) => void;

export class FakeEventSource {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static all: FakeEventSource[] = [];

  readyState = FakeEventSource.CONNECTING;
  private readonly listeners = new Map<string, Listener[]>();
  private seq = 0;

  constructor(readonly url: string) {
    FakeEventSource.all.push(this);
  }

  static get latest(): FakeEventSource {
    const last = this.all.at(-1);
    if (last === undefined) throw new Error("Nothing follows any events.");
    return last;
  }

  /** The newest that follows this path. */
  static of(path: string): FakeEventSource {
    const found = this.all.findLast(({ url }) => url.split("?")[0] === path);
    if (found === undefined) throw new Error(`Nothing follows ${path}.`);
    return found;
  }

  addEventListener(name: string, listener: Listener): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }

  open(): void {
    this.readyState = FakeEventSource.OPEN;
    this.emit(new Event("open"));
  }

  send(session: Session): void {
    this.sendText(JSON.stringify({ seq: ++this.seq, session }));
  }

  sendText(data: string, event = "session"): void {
    this.emit(new MessageEvent(event, { data }));
  }

  /** A dropped connection (the browser tries again itself) or a refused one (it does not). */
  fail(how: "dropped" | "refused"): void {
    this.readyState = how === "dropped" ? FakeEventSource.CONNECTING : FakeEventSource.CLOSED;
    this.emit(new Event("error"));
  }

  private emit(event: Event): void {
    for (const listener of this.listeners.get(event.type) ?? []) listener(event);
  }
}
