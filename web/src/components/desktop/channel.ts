/**
 * The viewer's WebSocket between browser and noVNC: bytes are counted, the way is timed and seen to be alive.
 *
 *     noVNC ── send ──▶ Channel ──────────────────▶ WebSocket ⇄ controller ⇄ desktop
 *       ◀── onmessage ──┘ └ fence every 2 s: round trip, or nothing for 7 s: `onSilent`
 *
 * Lifetime: one connection.  A desktop that knows no fences is neither timed nor watched.
 */

import type { RawChannel } from "@novnc/novnc";

import { enlarged } from "./desktop-size";
import { AnswerFilter, fenceAnswer, fenceRequest, isFence, MARK_BYTES } from "./fences";
import { asked, begin, due, heard, TICK_MS } from "./pulse";

/** What has passed so far. */
export interface Traffic {
  /** Bytes from the desktop. */
  received: number;
  /** To the desktop and back, in milliseconds; null while it was not measured. */
  roundTripMs: number | null;
}

export class Channel implements RawChannel {
  onopen: RawChannel["onopen"] = null;
  onmessage: RawChannel["onmessage"] = null;
  onclose: RawChannel["onclose"] = null;
  onerror: RawChannel["onerror"] = null;
  /** Pixels that the desktop is to have for one that noVNC asks for. */
  pixelRatio = 1;
  private readonly filter = new AnswerFilter();
  private pulse;
  private received = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly onSilent: () => void,
    private readonly now: () => number,
    /** The controller's own words, beside the desktop's bytes. */
    private readonly onTold: (text: string) => void,
  ) {
    this.pulse = begin(now());
    socket.binaryType = "arraybuffer";
    socket.onopen = (event) => this.onopen?.(event);
    socket.onerror = (event) => this.onerror?.(event);
    socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
      this.hear(event);
    };
    socket.onclose = (event) => {
      clearInterval(this.timer);
      this.onclose?.(event);
    };
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  get readyState(): number {
    return this.socket.readyState;
  }

  get binaryType(): BinaryType {
    return this.socket.binaryType;
  }

  set binaryType(type: BinaryType) {
    this.socket.binaryType = type;
  }

  get traffic(): Traffic {
    return { received: this.received, roundTripMs: this.pulse.roundTripMs };
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    this.socket.send(enlarged(message, this.pixelRatio));
    if (isFence(message)) this.timer ??= setInterval(this.tick, TICK_MS);
  }

  /** Ends it at once for noVNC, which would wait for an answer that a frozen way never brings. */
  close(): void {
    clearInterval(this.timer);
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close();
    queueMicrotask(() => this.onclose?.(new CloseEvent("close", { code: 1000, wasClean: true })));
  }

  private readonly tick = (): void => {
    const act = due(this.pulse, this.now());
    if (act === "ask") this.ask();
    if (act !== "give-up") return;
    clearInterval(this.timer);
    this.onSilent();
  };

  private ask(): void {
    const mark = crypto.getRandomValues(new Uint8Array(MARK_BYTES));
    this.filter.expect(fenceAnswer(mark));
    this.pulse = asked(this.pulse, this.now());
    this.socket.send(fenceRequest(mark));
  }

  private hear(event: MessageEvent<ArrayBuffer | string>): void {
    if (typeof event.data === "string") {
      this.onTold(event.data);
      return;
    }
    this.received += event.data.byteLength;
    const { rest, answered } = this.filter.feed(new Uint8Array(event.data));
    this.pulse = heard(this.pulse, this.now(), answered);
    if (rest.length > 0) this.onmessage?.({ data: rest });
  }
}
