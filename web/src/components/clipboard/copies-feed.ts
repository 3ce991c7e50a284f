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

/** So long an open socket must hold to count as a good one: the controller accepts first, and then tells why not. */
const GOOD_MS = 5_000;

export class CopiesFeed {
  /** The newest copy's number; null before there was one: what was copied earlier is not told. */
  private newest: number | null = null;
  private failures = 0;
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Of the present attempt, a new one for each: what an earlier one still has to say is ignored. */
  private attempt = 0;

  constructor(private readonly parts: FeedParts) {}

  start(): void {
    this.stop();
    this.open();
  }

  stop(): void {
    this.attempt += 1;
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = undefined;
  }

  private open(): void {
    this.attempt += 1;
    const { attempt } = this;
    this.parts.askTicket().then(
      (ticket) => {
        if (attempt === this.attempt) this.listen(ticket, attempt);
      },
      () => {
        if (attempt === this.attempt) this.openLater();
      },
    );
  }

  private listen(ticket: ViewTicket, attempt: number): void {
    const query = this.newest === null ? "" : `?after=${this.newest}`;
    const socket = this.parts.open(`${ticket.copies}${query}`, ticket);
    this.socket = socket;
    socket.addEventListener("open", () => {
      if (attempt === this.attempt) this.timer = setTimeout(this.forgive, GOOD_MS);
    });
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      const copied = copiedIn(data);
      if (attempt !== this.attempt || copied === null) return;
      this.forgive();
      this.newest = copied.number;
      this.parts.onCopied(copied);
    });
    socket.addEventListener("close", () => {
      if (attempt === this.attempt) this.openLater();
    });
  }

  private readonly forgive = (): void => {
    this.failures = 0;
  };

  private openLater(): void {
    clearTimeout(this.timer);
    this.failures += 1;
    this.timer = setTimeout(
      () => {
        this.open();
      },
      backoffMs(this.failures, Math.random()),
    );
  }
}

/** Null: it is no copy, or of another version. */
function copiedIn(data: unknown): Copied | null {
  if (typeof data !== "string") return null;
  const told = parsed(data);
  if (typeof told !== "object" || told === null || !("number" in told) || !("text" in told)) return null;
  const { number, text } = told;
  if (typeof number !== "number" || (typeof text !== "string" && text !== null)) return null;
  return { number, text };
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
