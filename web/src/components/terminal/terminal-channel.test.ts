// @vitest-environment node
/** The terminal's connection over real WebSockets, to a controller that answers pings and can freeze. */

import { once } from "node:events";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer, type WebSocket as Peer } from "ws";

import type { Connection } from "../desktop/connection";
import { DesktopLink } from "../desktop/desktop-link";
import { TICK_MS } from "../desktop/pulse";
import { TerminalChannel } from "./terminal-channel";
import type { TerminalSurface } from "./terminal-surface";

/** The environment's own, before the tests' silent one takes its place. */
const RealWebSocket = WebSocket;
const PROMPT = "$ ";

describe("the terminal's connection", () => {
  let server: WebSocketServer;
  let link: DesktopLink<TerminalSurface>;
  let losses: { state: Extract<Connection, { kind: "lost" }>; at: number }[];
  /** What xterm.js was given. */
  let seen: string;
  let pings: unknown[];
  /** Nothing of the controller's gets through, until somebody connects anew. */
  let frozen: boolean;

  const shownAgain = (attempt: number): Promise<void> =>
    vi.waitFor(() => {
      expect(link.state).toMatchObject({ kind: "shown", attempt });
    });

  beforeEach(async () => {
    // Timers alone: the sockets are real.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
    [seen, pings, losses] = ["", [], []];
    server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    server.on("connection", (socket: Peer) => {
      frozen = false;
      socket.send(Buffer.from(PROMPT));
      socket.on("message", (data: Buffer) => {
        const { ping } = JSON.parse(data.toString()) as { ping: unknown };
        pings.push(ping);
        // As Python writes it, with a blank.
        if (!frozen) socket.send(`{"pong": ${String(ping)}}`);
      });
    });
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    link = new DesktopLink();
    link.subscribe(() => {
      if (link.state.kind === "lost" && losses.at(-1)?.state !== link.state)
        losses.push({ state: link.state, at: Date.now() });
    });
    link.start({
      askTicket: () =>
        Promise.resolve({ ticket: "t", websocket: "", terminal: "", copies: "", expires_at: "" }),
      openSurface: (_ticket, { onOpened, onSilent }) => {
        const onBytes = (data: Uint8Array): void => {
          seen += new TextDecoder().decode(data);
          onOpened();
        };
        const socket = new RealWebSocket(`ws://127.0.0.1:${port}`);
        const channel = new TerminalChannel(socket, { onBytes, onSilent }, Date.now);
        return Promise.resolve({
          focus: vi.fn(),
          press: vi.fn(),
          paste: vi.fn(),
          traffic: () => channel.traffic,
          close: () => {
            channel.close();
          },
        });
      },
      askSession: vi.fn(),
      restoreFocus: vi.fn(),
      onTold: vi.fn(),
      isAwaited: () => false,
      now: Date.now,
      chance: () => 1,
    });
    await shownAgain(1);
  });

  afterEach(() => {
    link.stop();
    for (const socket of server.clients) socket.terminate();
    server.close();
    vi.useRealTimers();
  });

  it("stays while pings are answered, and no answer reaches the terminal", async () => {
    for (let asked = 1; asked <= 8; asked += 1) {
      await vi.advanceTimersByTimeAsync(2_000 + TICK_MS);
      await vi.waitFor(() => {
        expect(pings.length).toBeGreaterThanOrEqual(asked);
      });
      await vi.waitFor(() => {
        expect(link.shown?.traffic().roundTripMs).not.toBeNull();
      });
    }
    expect(losses).toEqual([]);
    expect(seen).toBe(PROMPT);
    expect(link.shown?.traffic().received).toBe(PROMPT.length);
  });

  it("is noticed within ten seconds when it freezes, and comes back", async () => {
    frozen = true;
    const frozenAt = Date.now();
    await vi.advanceTimersByTimeAsync(10_000);
    await shownAgain(2);
    expect(losses.map(({ state }) => state.problem.code)).toEqual(["view_frozen"]);
    expect((losses[0]?.at ?? Infinity) - frozenAt).toBeLessThanOrEqual(10_000);
    expect(seen).toBe(PROMPT + PROMPT);
  });
});
