import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { CopiesFeed, type Copied } from "./copies-feed";

const TICKET = {
  ticket: "t",
  websocket: "/v",
  terminal: "/t",
  copies: "/c",
  expires_at: "2026-11-03T14:05:30Z",
};

class FakeSocket extends EventTarget {
  close = vi.fn();

  say(copied: Copied): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(copied) }));
  }

  sayRaw(data: string): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  begin(): void {
    this.dispatchEvent(new Event("open"));
  }

  end(): void {
    this.dispatchEvent(new CloseEvent("close"));
  }
}

describe("the feed of copies", () => {
  let opened: { path: string; socket: FakeSocket }[];
  let told: Copied[];
  let feed: CopiesFeed;
  let tickets: () => Promise<typeof TICKET>;

  beforeEach(async () => {
    vi.useFakeTimers();
    opened = [];
    told = [];
    tickets = () => Promise.resolve(TICKET);
    feed = new CopiesFeed({
      askTicket: () => tickets(),
      open: (path) => {
        const socket = new FakeSocket();
        opened.push({ path, socket });
        return socket as unknown as WebSocket;
      },
      onCopied: (copied) => told.push(copied),
    });
    feed.start();
    await vi.advanceTimersByTimeAsync(0);
  });

  afterEach(() => {
    feed.stop();
    vi.useRealTimers();
  });

  const last = () => {
    const found = opened.at(-1);
    if (found === undefined) throw new Error("Nothing was opened.");
    return found;
  };

  it("tells what is copied from now on", () => {
    expect(last().path).toBe("/c");
    last().socket.say({ number: 3, text: "é" });
    last().socket.say({ number: 4, text: null });
    expect(told).toEqual([
      { number: 3, text: "é" },
      { number: 4, text: null },
    ]);
  });

  it("opens again after a loss, and asks for what it missed alone", async () => {
    last().socket.say({ number: 3, text: "x" });
    last().socket.end();
    await vi.advanceTimersByTimeAsync(250);
    expect(opened).toHaveLength(2);
    expect(last().path).toBe("/c?after=3");
  });

  it("asks for a ticket again when there was none", async () => {
    tickets = () => Promise.reject(new Error("no"));
    last().socket.end();
    await vi.advanceTimersByTimeAsync(250);
    tickets = () => Promise.resolve(TICKET);
    await vi.advanceTimersByTimeAsync(500);
    expect(opened).toHaveLength(2);
  });

  it("waits longer each time when it is accepted and then refused", async () => {
    for (let times = 0; times < 8; times += 1) {
      last().socket.begin();
      last().socket.end();
      await vi.advanceTimersByTimeAsync(8_000);
    }
    const before = opened.length;
    last().socket.begin();
    last().socket.end();
    await vi.advanceTimersByTimeAsync(3_900);
    expect(opened).toHaveLength(before);
  });

  it("begins with the shortest wait again after a connection that held", async () => {
    for (let times = 0; times < 8; times += 1) {
      last().socket.end();
      await vi.advanceTimersByTimeAsync(8_000);
    }
    last().socket.begin();
    await vi.advanceTimersByTimeAsync(5_000);
    const before = opened.length;
    last().socket.end();
    await vi.advanceTimersByTimeAsync(250);
    expect(opened).toHaveLength(before + 1);
  });

  it("opens one socket when it is stopped and started while a ticket is on its way", async () => {
    feed.stop();
    const before = opened.length;
    feed.start();
    feed.stop();
    feed.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(opened).toHaveLength(before + 1);
  });

  it("does not hear a socket that it left", async () => {
    const left = last().socket;
    feed.stop();
    feed.start();
    await vi.advanceTimersByTimeAsync(0);
    left.say({ number: 3, text: "late" });
    left.end();
    await vi.advanceTimersByTimeAsync(250);
    expect(told).toEqual([]);
    expect(opened).toHaveLength(2);
  });

  it("passes over what it cannot read", () => {
    const wrong = vi.fn((event: ErrorEvent) => {
      event.preventDefault();
    });
    window.addEventListener("error", wrong);
    last().socket.sayRaw("{");
    window.removeEventListener("error", wrong);
    expect(wrong).not.toHaveBeenCalled();
    expect(told).toEqual([]);
  });

  it("is over when it is stopped", async () => {
    feed.stop();
    last().socket.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(opened).toHaveLength(1);
    expect(last().socket.close).toHaveBeenCalledOnce();
  });
});
