import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "../../api/problem";
import type { ViewTicket } from "../../api/types";
import { fakeSurface } from "../../testing/surface";
import type { End } from "./causes";
import { DesktopLink, type LinkParts, type Surface, type SurfaceListeners } from "./desktop-link";

const CUT: End = { code: 1006, reason: "", online: true };

class FakeDesktop {
  readonly opened: { ticket: string; listeners: SurfaceListeners; surface: Surface }[] = [];
  tickets = 0;
  readonly askSession = vi.fn();
  readonly restoreFocus = vi.fn();

  awaited = false;
  readonly parts: LinkParts = {
    isAwaited: () => this.awaited,
    askTicket: () => Promise.resolve(this.ticket()),
    openSurface: (ticket, listeners) => Promise.resolve(this.surface(ticket, listeners)),
    askSession: this.askSession,
    restoreFocus: this.restoreFocus,
    onTold: vi.fn(),
    now: () => Date.now(),
    chance: () => 1,
  };

  get last() {
    const last = this.opened.at(-1);
    if (last === undefined) throw new Error("Nothing was opened.");
    return last;
  }

  private ticket(): ViewTicket {
    return {
      ticket: `t${++this.tickets}`,
      websocket: "/ws",
      terminal: "/t",
      copies: "/c",
      expires_at: "2026-11-03T14:05:30Z",
    };
  }

  private surface(ticket: ViewTicket, listeners: SurfaceListeners): Surface {
    const surface = fakeSurface();
    this.opened.push({ ticket: ticket.ticket, listeners, surface });
    return surface;
  }
}

describe("the desktop link", () => {
  let desktop: FakeDesktop;
  let link: DesktopLink;

  beforeEach(async () => {
    vi.useFakeTimers();
    desktop = new FakeDesktop();
    link = new DesktopLink();
    link.start(desktop.parts);
    await vi.advanceTimersByTimeAsync(0);
  });

  afterEach(() => {
    link.stop();
    vi.useRealTimers();
  });

  it("connects again by itself with a new ticket and gives the focus back", async () => {
    desktop.last.listeners.onOpened();
    expect(link.shown).toBe(desktop.last.surface);
    desktop.last.listeners.onDropped(CUT);
    expect(link.state.kind).toBe("lost");
    expect(desktop.askSession).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(250);
    desktop.last.listeners.onOpened();
    expect(desktop.opened.map(({ ticket }) => ticket)).toEqual(["t1", "t2"]);
    expect(desktop.restoreFocus).toHaveBeenCalledTimes(2);
  });

  it("shows the API's own reason when it gives no ticket", async () => {
    const problem = { code: "conflict", cause: "The machine is stopping.", remedy: "Wait." };
    desktop.parts.askTicket = () => Promise.reject(new ApiError(409, problem));
    desktop.last.listeners.onDropped(CUT);
    await vi.advanceTimersByTimeAsync(250);
    expect(link.state).toMatchObject({ kind: "lost", problem });
  });

  it("gives up an attempt that hangs and closes its surface", async () => {
    const hanging = desktop.last.surface;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(hanging.close).toHaveBeenCalledOnce();
    expect(link.state).toMatchObject({ kind: "lost", problem: { code: "view_silent" } });
  });

  it("does not give up a machine that has not confirmed itself, until it has", async () => {
    desktop.awaited = true;
    await vi.advanceTimersByTimeAsync(40_000);
    expect(link.state.kind).toBe("opening");
    expect(desktop.tickets).toBe(1);
    desktop.awaited = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(link.state).toMatchObject({ kind: "lost", problem: { code: "view_silent" } });
  });

  it("gives up a desktop that froze, closes it and connects again", async () => {
    const frozen = desktop.last;
    frozen.listeners.onOpened();
    frozen.listeners.onSilent();
    expect(frozen.surface.close).toHaveBeenCalledOnce();
    expect(link.state).toMatchObject({ kind: "lost", problem: { code: "view_frozen" } });
    await vi.advanceTimersByTimeAsync(250);
    expect(desktop.tickets).toBe(2);
  });

  it("does nothing any more once stopped", async () => {
    link.stop();
    expect(desktop.last.surface.close).toHaveBeenCalledOnce();
    desktop.last.listeners.onDropped(CUT);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(desktop.tickets).toBe(1);
  });

  it("closes a surface that arrives after its attempt was given up", async () => {
    let arrive: (surface: Surface) => void = vi.fn();
    desktop.parts.openSurface = () =>
      new Promise((resolve) => {
        arrive = resolve;
      });
    desktop.last.listeners.onDropped(CUT);
    await vi.advanceTimersByTimeAsync(250 + 10_000);
    const late = fakeSurface();
    arrive(late);
    await vi.advanceTimersByTimeAsync(0);
    expect(late.close).toHaveBeenCalledOnce();
  });
});
