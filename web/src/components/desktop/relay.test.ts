// @vitest-environment node
/** The viewer's connection over real WebSockets, through a relay that is cut, frozen and slowed. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { GREETING, Relay } from "../../testing/relay";
import { fakeSurface } from "../../testing/surface";
import { Channel } from "./channel";
import type { Connection } from "./connection";
import { DesktopLink, type Surface, type SurfaceListeners } from "./desktop-link";
import { fenceAnswer, isFence } from "./fences";
import { TICK_MS } from "./pulse";

/** The environment's own, before the tests' silent one takes its place. */
const RealWebSocket = WebSocket;

/** A viewer in noVNC's place: it is open with the first bytes, answers fences, and keeps what else came. */
function openViewer(url: string, seen: number[], listeners: SurfaceListeners): Surface {
  const channel = new Channel(new RealWebSocket(url), listeners.onSilent, Date.now, listeners.onTold);
  channel.onmessage = ({ data }) => {
    if (isFence(data)) channel.send(Uint8Array.from(fenceAnswer(data.subarray(9))));
    else seen.push(...data);
    listeners.onOpened();
  };
  channel.onclose = ({ code, reason }) => {
    listeners.onDropped({ code, reason, online: true });
  };
  return fakeSurface({
    traffic: () => channel.traffic,
    close: () => {
      channel.close();
    },
  });
}

describe("a connection through a relay", () => {
  let relay: Relay;
  let link: DesktopLink;
  let seen: number[];
  let losses: { state: Extract<Connection, { kind: "lost" }>; at: number }[];
  const restoreFocus = vi.fn();

  const shownAgain = (attempt: number): Promise<void> =>
    vi.waitFor(() => {
      expect(link.state).toMatchObject({ kind: "shown", attempt });
    });

  beforeEach(async () => {
    // Timers alone: the sockets are real.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
    relay = await Relay.open();
    [seen, losses] = [[], []];
    link = new DesktopLink();
    link.subscribe(() => {
      if (link.state.kind === "lost" && losses.at(-1)?.state !== link.state)
        losses.push({ state: link.state, at: Date.now() });
    });
    link.start({
      askTicket: () =>
        Promise.resolve({ ticket: "t", websocket: relay.url, terminal: "", copies: "", expires_at: "" }),
      openSurface: ({ websocket }, listeners) => Promise.resolve(openViewer(websocket, seen, listeners)),
      askSession: vi.fn(),
      restoreFocus,
      onTold: vi.fn(),
      isAwaited: () => false,
      now: Date.now,
      chance: () => 1,
    });
    await shownAgain(1);
    restoreFocus.mockClear();
  });

  afterEach(() => {
    link.stop();
    relay.close();
    vi.useRealTimers();
  });

  it("that is whole stays, and its round trips are measured", async () => {
    for (let asked = 1; asked <= 8; asked += 1) {
      await vi.advanceTimersByTimeAsync(2_000 + TICK_MS);
      await vi.waitFor(() => {
        expect(relay.asked).toBeGreaterThanOrEqual(asked);
      });
    }
    await vi.waitFor(() => {
      expect(link.shown?.traffic().roundTripMs).not.toBeNull();
    });
    expect(losses).toEqual([]);
    expect(seen).toEqual(GREETING);
  });

  it("that is cut comes back by itself, with the keyboard", async () => {
    relay.viewer.terminate();
    await shownAgain(2);
    expect(losses.map(({ state }) => state.problem.code)).toEqual(["view_lost"]);
    expect(restoreFocus).toHaveBeenCalledOnce();
    expect(seen).toEqual([...GREETING, ...GREETING]);
  });

  it("that is closed with a reason tells it", async () => {
    relay.viewer.close(1011, "agent_unreachable");
    await shownAgain(2);
    expect(losses.map(({ state }) => state.problem.code)).toEqual(["agent_unreachable"]);
  });

  it("that freezes is noticed within ten seconds, and comes back", async () => {
    relay.frozen = true;
    const frozenAt = Date.now();
    await vi.advanceTimersByTimeAsync(10_000);
    await shownAgain(2);
    expect(losses.map(({ state }) => state.problem.code)).toEqual(["view_frozen"]);
    expect((losses[0]?.at ?? Infinity) - frozenAt).toBeLessThanOrEqual(10_000);
    expect(restoreFocus).toHaveBeenCalledOnce();
  });

  it("that is slowed stays, though no answer comes in a long time", async () => {
    relay.frozen = true;
    for (let piece = 1; piece <= 8; piece += 1) {
      await vi.advanceTimersByTimeAsync(5_000);
      relay.viewer.send(Uint8Array.of(piece));
      await vi.waitFor(() => {
        expect(seen).toHaveLength(GREETING.length + piece);
      });
    }
    expect(losses).toEqual([]);
    expect(link.state.kind).toBe("shown");
  });
});
