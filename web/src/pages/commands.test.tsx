import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { Host } from "../api/types";
import { App, makeCache } from "../app";
import { refusal, serve } from "../testing/api";
import { providerWith } from "../testing/providers";
import { sessionIn } from "../testing/sessions";
import { chooseSingleKeys } from "./single-keys";

const HOST: Host = {
  version: "0.1.0",
  driver: "container",
  isolation: "container",
  why: "KVM did not pass its probe.",
  golden_id: "g-1",
  golden_ready: true,
  checks: [],
};
const NO_ROWS = { rows: [], total: 0, facets: {} };
const SESSION = { session_id: "s-42", provider: "demo" };

async function open(operator: boolean, more = {}): Promise<string[]> {
  const session = sessionIn("started");
  const requests = serve({
    "GET /api/me": { user_id: "u-1", name: "ada", operator },
    "GET /api/host": HOST,
    "GET /api/providers": [providerWith()],
    "GET /api/tables/sessions": NO_ROWS,
    "GET /api/tables/machines": NO_ROWS,
    "POST /api/vm/auth": { session_id: "s-1", status: "started", session },
    "GET /api/auth/session/s-1": session,
    "GET /api/auth/session/s-1/timeline": { steps: [] },
    "POST /api/auth/session/s-1/heartbeat": session,
    ...more,
  });
  window.history.replaceState(null, "", "/dashboard/remote-cli");
  render(<App cache={makeCache()} token={null} />);
  await screen.findByRole("button", { name: "Connect Demo" });
  return requests;
}

const palette = async () => {
  await userEvent.keyboard("{Control>}k{/Control}");
  return screen.findByRole("combobox");
};

describe("the palette", () => {
  it("points at what it found, and does it on Enter", async () => {
    const requests = await open(false);
    const field = await palette();
    await userEvent.type(field, "demo conn");
    const option = screen.getByRole("option", { name: "Connect Demo" });
    expect(field).toHaveAttribute("aria-activedescendant", option.id);
    await userEvent.keyboard("{Enter}");
    await waitFor(() => {
      expect(window.location.pathname).toBe("/dashboard/remote-cli/session/s-1");
    });
    expect(requests).toContain('POST /api/vm/auth {"provider":"demo"}');
  });

  it("is gone through with the arrows, around its ends", async () => {
    await open(false);
    const field = await palette();
    const options = screen.getAllByRole("option");
    await userEvent.type(field, "{ArrowUp}");
    expect(field).toHaveAttribute("aria-activedescendant", options.at(-1)?.id);
    await userEvent.type(field, "{ArrowDown}");
    expect(field).toHaveAttribute("aria-activedescendant", options[0]?.id);
  });

  it("opens sessions that the controller finds", async () => {
    await open(false, { "GET /api/tables/sessions": { ...NO_ROWS, rows: [SESSION], total: 1 } });
    await userEvent.type(await palette(), "s-42");
    expect(await screen.findByRole("option", { name: /^s-42/ })).toBeVisible();
  });

  it("gives the focus back to where it was", async () => {
    await open(false);
    const button = screen.getByRole("button", { name: "Connect Demo" });
    button.focus();
    await palette();
    await userEvent.keyboard("{Escape}");
    await waitFor(() => {
      expect(button).toHaveFocus();
    });
  });

  it("does not say that there is nothing when the search failed", async () => {
    await open(false, {
      "GET /api/tables/sessions": refusal(503, { code: "busy", cause: "It is busy.", remedy: "Wait." }),
    });
    await userEvent.type(await palette(), "s-42");
    expect(await screen.findByText("It is busy.")).toBeVisible();
    expect(screen.queryByText("There is nothing of that.")).toBeNull();
  });

  it("opens nothing that was found for an older text", async () => {
    await open(false, { "GET /api/tables/sessions": { ...NO_ROWS, rows: [SESSION], total: 1 } });
    const field = await palette();
    await userEvent.type(field, "s-42");
    await screen.findByRole("option", { name: /^s-42/ });
    await userEvent.type(field, "3{Enter}");
    expect(window.location.pathname).toBe("/dashboard/remote-cli");
  });

  it("starts one sign-in however often Enter is pressed", async () => {
    const never = new Promise(() => undefined);
    const requests = await open(false, { "POST /api/vm/auth": () => never });
    await userEvent.type(await palette(), "demo conn");
    await userEvent.keyboard("{Enter}");
    await userEvent.keyboard("{Enter}");
    expect(requests.filter((asked) => asked.startsWith("POST /api/vm/auth"))).toHaveLength(1);
  });

  it("has the operator's commands for the operator alone", async () => {
    await open(true);
    await palette();
    expect(screen.getByRole("option", { name: "Rebuild the golden" })).toBeVisible();
    expect(screen.getByRole("option", { name: /^Audit/ })).toBeVisible();
  });

  it("has none of them for others", async () => {
    await open(false);
    await palette();
    expect(screen.queryByRole("option", { name: "Rebuild the golden" })).toBeNull();
    expect(screen.queryByRole("option", { name: /^Audit/ })).toBeNull();
  });
});

describe("the page's keys", () => {
  it("list themselves", async () => {
    await open(false);
    await userEvent.keyboard("?");
    expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  });

  it("are turned off but for those with Ctrl, and stay so in this browser", async () => {
    await open(false);
    await userEvent.keyboard("?");
    const keys = await screen.findByRole("switch", { name: /^Keys without Ctrl or ⌘/ });
    await userEvent.click(keys);
    await userEvent.keyboard("{Escape}gs");
    expect(window.location.pathname).toBe("/dashboard/remote-cli");
    expect(window.localStorage.getItem("vestibule.single-keys")).toBe("off");
    chooseSingleKeys(true);
    await userEvent.keyboard("gs");
    expect(window.location.pathname).toBe("/dashboard/sessions");
  });
});

describe("who has connected nothing yet", () => {
  it("is told the first steps", async () => {
    await open(false);
    expect(screen.getByRole("region", { name: "Your first tool in three steps" })).toBeVisible();
  });

  it("is told what is being built on a new host, and since when", async () => {
    const renewal = {
      golden_id: "g-1",
      why: "there is none",
      began_at: new Date(Date.now() - 65_000).toISOString(),
      expected_end_at: new Date(Date.now() + 120_000).toISOString(),
      ended_at: null,
      outcome: null,
      failure: null,
      log: [],
      to_come: 2,
      steps: [
        {
          name: "layer base",
          phase: "build",
          began_at: new Date().toISOString(),
          seconds: null,
          trouble: null,
          estimate_s: null,
        },
      ],
    };
    await open(false, {
      "GET /api/host": { ...HOST, golden_ready: false },
      "GET /api/goldens/state": { promoted: null, renewal },
    });
    expect(await screen.findByText("layer base")).toBeVisible();
    expect(screen.getByText(/about 2 min to go/)).toBeVisible();
    expect(screen.getByRole("progressbar", { name: "The first golden is being built" })).toBeVisible();
  });
});
