/**
 * The terminal's WebSocket between browser and xterm.js: bytes go through, the way is seen to be alive.
 *
 *     xterm.js ── keys, size ──▶ TerminalChannel ───────────────────▶ WebSocket ⇄ controller ⇄ terminal
 *        ◀─────── onBytes ───────┘ └ {"ping": n} every 2 s, answered {"pong": n}; nothing for 7 s: `onSilent`
 *
 * Binary messages are the terminal's, texts the controller's.  Lifetime: one connection.
 */

import type { Traffic } from "../desktop/channel";
import { asked, begin, due, heard, TICK_MS } from "../desktop/pulse";

interface Listeners {
  /** What the terminal shows. */
  onBytes: (data: Uint8Array) => void;
  /** The connection stands, and nothing comes through it. */
  onSilent: () => void;
}

export class TerminalChannel {
  private pulse;
  private received = 0;
  /** Of the newest ping. */
  private number = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly listeners: Listeners,
    private readonly now: () => number,
  ) {
    this.pulse = begin(now());
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.pulse = begin(now());
      this.timer = setInterval(this.tick, TICK_MS);
    });
    socket.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer | string>) => {
      this.hear(data);
    });
    socket.addEventListener("close", () => {
      clearInterval(this.timer);
    });
  }

  get traffic(): Traffic {
    return { received: this.received, roundTripMs: this.pulse.roundTripMs };
  }

  /** What is said before the connection stands, or after, is lost. */
  send(message: Uint8Array<ArrayBuffer> | string): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(message);
  }

  close(): void {
    clearInterval(this.timer);
    this.socket.close();
  }

  private readonly tick = (): void => {
    const act = due(this.pulse, this.now());
    if (act === "ask") this.ask();
    if (act !== "give-up") return;
    clearInterval(this.timer);
    this.listeners.onSilent();
  };

  private ask(): void {
    this.number += 1;
    this.pulse = asked(this.pulse, this.now());
    this.send(JSON.stringify({ ping: this.number }));
  }

  private hear(data: ArrayBuffer | string): void {
    const answered = typeof data === "string" && pongIn(data) === this.number;
    this.pulse = heard(this.pulse, this.now(), answered);
    if (typeof data === "string") return;
    this.received += data.byteLength;
    this.listeners.onBytes(new Uint8Array(data));
  }
}

/** The number of a pong; null of any other text. */
function pongIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { pong?: unknown } | null)?.pong ?? null;
  } catch {
    return null;
  }
}
