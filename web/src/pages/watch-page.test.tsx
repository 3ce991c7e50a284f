import { act, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { App, makeCache } from "../app";
import type { SurfaceListeners } from "../components/desktop/desktop-link";
import type { Use } from "../components/desktop/rfb-surface";
import { serve } from "../testing/api";
import { instant } from "../testing/sessions";
import { fakeSurface } from "../testing/surface";

interface Opened {
  ticket: { ticket: string; websocket: string };
  listeners: SurfaceListeners;
  use: Use;
}
const opened: Opened[] = [];

vi.mock("../components/desktop/rfb-surface", () => ({
  openRfb: (
    _target: unknown,
    ticket: Opened["ticket"],
    _: unknown,
    listeners: SurfaceListeners,
    use: Use,
  ) => {
    opened.push({ ticket, listeners, use });
    return Promise.resolve(fakeSurface());
  },
}));

async function watch(token: string | null): Promise<string[]> {
  const requests = serve({});
  window.history.replaceState(null, "", "/watch");
  render(<App cache={makeCache()} token={token} />);
  await screen.findByText("View only");
  return requests;
}

async function connection(): Promise<Opened> {
  await vi.waitFor(() => {
    expect(opened).not.toEqual([]);
  });
  const last = opened.at(-1);
  if (last === undefined) throw new Error("Nothing was opened.");
  return last;
}

const told = (status: string): string =>
  JSON.stringify({ tool: "Demo", status, expires_at: instant(7_200_000_000) });

describe("the page of a view link", () => {
  beforeEach(() => {
    opened.length = 0;
  });

  it("shows the desktop to look at, with the link's secret as its ticket, and asks the API nothing", async () => {
    const requests = await watch("secret");
    const { ticket, use } = await connection();
    expect(ticket).toMatchObject({ ticket: "secret", websocket: "/api/watch" });
    expect(use).toBe("watch");
    expect(requests).toEqual([]);
  });

  it("says which tool it is and how its sign-in stands, as the controller tells it", async () => {
    await watch("secret");
    const { listeners } = await connection();
    act(() => {
      listeners.onTold(told("awaiting_user_auth"));
    });
    expect(screen.getByRole("heading", { name: "Demo" })).toBeVisible();
    expect(screen.getByText("Waiting for its person")).toBeVisible();
    act(() => {
      listeners.onTold(told("authenticating"));
      listeners.onTold("of another version");
    });
    expect(screen.getByText("Sealing the credential")).toBeVisible();
  });

  it("does not tell who looks on to cancel what is another's", async () => {
    await watch("secret");
    const { listeners } = await connection();
    act(() => {
      listeners.onDropped({ code: 4000, reason: "agent_unreachable", online: true });
    });
    expect(screen.getByText("agent_unreachable")).toBeVisible();
    expect(screen.queryByText(/cancel the sign-in/)).toBeNull();
    expect(screen.getByText(/tell whose sign-in it is/)).toBeVisible();
  });

  it("says why it is over, and does not try again", async () => {
    await watch("secret");
    const { listeners } = await connection();
    act(() => {
      listeners.onOpened();
      listeners.onDropped({ code: 4410, reason: "view_link_revoked", online: true });
    });
    expect(screen.getByText("The owner of the sign-in took this link back.")).toBeVisible();
    expect(screen.queryByRole("button", { name: "Try now" })).toBeNull();
    expect(opened).toHaveLength(1);
  });

  it("explains an address without a secret, and opens nothing", async () => {
    await watch(null);
    expect(screen.getByText(/This address holds no view link/)).toBeVisible();
    expect(opened).toEqual([]);
  });
});
