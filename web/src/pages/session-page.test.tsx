import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { App, makeCache } from "../app";
import { serve, refusal, type Answers } from "../testing/api";
import { FakeEventSource } from "../testing/fake-event-source";
import { instant, sessionIn } from "../testing/sessions";

const SESSION = "/api/auth/session/s-1";
const USER = { user_id: "u-1", name: "ada", operator: true };

/** noVNC needs a browser; here a canvas stands for “a viewer is on the page”. */
vi.mock("@novnc/novnc", () => ({
  default: class {
    constructor(target: HTMLElement) {
      target.append(document.createElement("canvas"));
    }
    addEventListener = vi.fn();
    disconnect = vi.fn();
  },
}));

async function open(answers: Answers): Promise<string[]> {
  const started = sessionIn("started");
  const requests = serve({
    "GET /api/me": USER,
    [`GET ${SESSION}`]: started,
    [`POST ${SESSION}/heartbeat`]: started,
    ...answers,
  });
  window.history.replaceState(null, "", "/dashboard/remote-cli/session/s-1");
  render(<App cache={makeCache()} token={null} />);
  await screen.findByRole("list", { name: "Steps" });
  return requests;
}

const push = (...args: Parameters<typeof sessionIn>): void => {
  act(() => {
    FakeEventSource.latest.send(sessionIn(...args));
  });
};

describe("the session page", () => {
  beforeEach(() => {
    vi.stubGlobal("isSecureContext", true);
  });

  it("shows a viewer only when the session allows it", async () => {
    const ticket = { ticket: "t", websocket: "/api/vnc/1", expires_at: instant(30) };
    const requests = await open({ "POST /api/vm/vm-1/view-ticket": ticket });
    push("vm_created");
    expect(await screen.findByRole("heading", { name: "Waking desktop and browser…" })).toBeVisible();
    expect(document.querySelector("canvas")).toBeNull();
    expect(requests.some((request) => request.includes("view-ticket"))).toBe(false);
    push("ready", { actions: ["view"] });
    await waitFor(() => {
      expect(document.querySelector("canvas")).not.toBeNull();
    });
  });

  it("follows the events to the end and says what now", async () => {
    await open({});
    push("completed", { actions: [] });
    expect(await screen.findByRole("heading", { name: "Connected" })).toBeVisible();
    expect(screen.getByText("vestibule credentials export c-1 --to ~/")).toBeVisible();
    expect(FakeEventSource.latest.readyState).toBe(FakeEventSource.CLOSED);
  });

  it("shows a failure with its cause and starts again from there", async () => {
    const again = sessionIn("started", { session_id: "s-2" });
    const requests = await open({
      "GET /api/auth/session/s-2": again,
      "POST /api/auth/session/s-2/heartbeat": again,
      "POST /api/vm/auth": { session_id: "s-2", status: "started", session: again },
      "GET /api/providers": [],
    });
    push("failed", {
      actions: ["retry"],
      failure: {
        code: "vm_died",
        cause: "The machine ended by itself.",
        remedy: "…",
        stage: "ready",
        evidence: {},
      },
    });
    expect(await screen.findByText("The machine ended by itself.")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => {
      expect(window.location.pathname).toBe("/dashboard/remote-cli/session/s-2");
    });
    expect(requests).toContain('POST /api/vm/auth {"provider":"demo","flow":"loopback"}');
  });

  it("types a pasted code into the tool", async () => {
    const waiting = sessionIn("awaiting_user_auth", { flow: "paste", actions: ["paste"] });
    const requests = await open({ [`GET ${SESSION}`]: waiting, [`POST ${SESSION}/input`]: waiting });
    await userEvent.type(screen.getByRole("textbox", { name: "Paste the code" }), " abc#1 ");
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    expect(await screen.findByText("Sent to the tool.")).toBeVisible();
    expect(requests).toContain(`POST ${SESSION}/input {"text":"abc#1"}`);
  });

  it("shows no box for a code when the flow needs none", async () => {
    await open({ [`GET ${SESSION}`]: sessionIn("awaiting_user_auth", { actions: ["paste", "open_url"] }) });
    expect(screen.queryByRole("textbox", { name: "Paste the code" })).toBeNull();
    expect(screen.getByRole("button", { name: "Open in machine" })).toBeVisible();
  });

  it("asks before it cancels", async () => {
    const requests = await open({
      [`POST ${SESSION}/cancel`]: sessionIn("cancelled", { actions: ["retry"] }),
    });
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(requests).not.toContain(`POST ${SESSION}/cancel`);
    await userEvent.click(await screen.findByRole("button", { name: "Cancel the sign-in" }));
    expect(await screen.findByRole("heading", { name: "Cancelled" })).toBeVisible();
  });

  it("gives signs of life while it is visible", async () => {
    const requests = await open({});
    expect(requests).toContain(`POST ${SESSION}/heartbeat`);
  });

  it("never makes a link of what is no web address", async () => {
    const session = sessionIn("awaiting_user_auth", { flow: "device", auth_url: "javascript:alert(1)" });
    await open({ [`GET ${SESSION}`]: session });
    expect(screen.queryByRole("link", { name: "Open here" })).toBeNull();
  });
});

it("explains a session that is not there", async () => {
  const problem = { code: "absent", cause: "There is no such session.", remedy: "Look at your sessions." };
  serve({ "GET /api/me": USER, "GET /api/auth/session/s-1": refusal(404, problem) });
  window.history.replaceState(null, "", "/dashboard/remote-cli/session/s-1");
  render(<App cache={makeCache()} token={null} />);
  expect(await screen.findByText(problem.cause)).toBeVisible();
  expect(screen.getByText(problem.remedy)).toBeVisible();
});
