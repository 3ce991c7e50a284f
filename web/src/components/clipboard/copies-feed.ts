/**
 * Texts that are copied in a machine, as they are: a WebSocket that opens again by itself.
 *
 * Lifetime: from `start` to `stop`.  Its ends are not told: the desktop's own link tells why a machine is away.
 */

import type { ViewTicket } from "../../api/types";
import { backoffMs } from "../desktop/connection";

export interface Copied {
  number: number;
  /** Null when it was too long to be passed on. */
  text: string | null;
}

export interface FeedParts {
  askTicket: () => Promise<ViewTicket>;
  open: (path: string, ticket: ViewTicket) => WebSocket;
  onCopied: (copied: Copied) => void;
}

export class CopiesFeed {
  /** The newest copy's number; null before there was one: what was copied earlier is not told. */
  private newest: number | null = null;
  private failures = 0;
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;

  constructor(private readonly parts: FeedParts) {}

  start(): void {
    this.running = true;
    this.open();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = undefined;
  }

  private open(): void {
    this.parts.askTicket().then(
      (ticket) => {
        if (this.running) this.listen(ticket);
      },
      () => {
        this.openLater();
      },
    );
  }

  private listen(ticket: ViewTicket): void {
    const query = this.newest === null ? "" : `?after=${this.newest}`;
    const socket = this.parts.open(`${ticket.copies}${query}`, ticket);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.failures = 0;
    });
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      const copied = copiedIn(data);
      if (copied === null) return;
      this.newest = copied.number;
      this.parts.onCopied(copied);
    });
    socket.addEventListener("close", () => {
      if (this.socket === socket) this.openLater();
    });
  }

  private openLater(): void {
    if (!this.running) return;
    this.failures += 1;
    this.timer = setTimeout(
      () => {
        this.open();
      },
      backoffMs(this.failures, Math.random()),
    );
  }
}

function copiedIn(data: unknown): Copied | null {
  if (typeof data !== "string") return null;
  const told: unknown = JSON.parse(data);
  if (typeof told !== "object" || told === null || !("number" in told) || !("text" in told)) return null;
  const { number, text } = told;
  if (typeof number !== "number" || (typeof text !== "string" && text !== null)) return null;
  return { number, text };
}
