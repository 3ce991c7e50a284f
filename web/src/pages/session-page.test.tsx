import { act, createEvent, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Session } from "../api/types";
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
  const started = answers[`GET ${SESSION}`] ?? sessionIn("started");
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
    const ticket = {
      ticket: "t",
      websocket: "/api/vnc/1",
      terminal: "/t",
      copies: "/c",
      expires_at: instant(30),
    };
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

  it.each([
    ["Files", true],
    ["text/plain", false],
  ])("does not give its place to what is dropped beside the machine: %s", async (type, kept) => {
    await open({});
    for (const name of ["dragOver", "drop"] as const) {
      const event = createEvent[name](document.body, {
        dataTransfer: { types: [type], files: [], items: [] },
      });
      fireEvent(document.body, event);
      expect(event.defaultPrevented).toBe(kept);
    }
  });

  it("says in the steps how long the first frame took, once that is known", async () => {
    await open({});
    expect(screen.queryByText(/after the click/)).toBeNull();
    push("ready", { first_frame_ms: 1420 });
    expect(await screen.findByText("Desktop on screen 1.42 s after the click")).toBeVisible();
  });

  it("follows the events to the end and says what now", async () => {
    await open({});
    push("completed", { actions: [] });
    expect(await screen.findByRole("heading", { name: "Connected" })).toBeVisible();
    expect(screen.getByText("vestibule credentials checkout c-1 --to ~")).toBeVisible();
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
        code: "machine_exited",
        cause: "The machine ended by itself.",
        remedy: "…",
        stage: "ready",
        evidence: {},
        retryable: true,
        golden_id: "g-1",
        agent_build: null,
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
    expect(await screen.findByText(/^Sent to the tool/)).toBeVisible();
    expect(requests).toContain(`POST ${SESSION}/input {"text":"abc#1"}`);
  });

  it("has the box for the code before there is a tool to type into, and sends nothing then", async () => {
    const requests = await open({ [`GET ${SESSION}`]: sessionIn("started", { flow: "paste" }) });
    await userEvent.type(screen.getByRole("textbox", { name: "Paste the code" }), "abc{Enter}");
    expect(screen.getByRole("button", { name: "Send" })).toBeDisabled();
    expect(requests.some((request) => request.includes("/input"))).toBe(false);
  });

  it("goes to the box once the tool asks for the code", async () => {
    await open({});
    push("ready", { flow: "paste", actions: ["paste"] });
    const box = await screen.findByRole("textbox", { name: "Paste the code" });
    expect(box).not.toHaveFocus();
    push("awaiting_user_auth", { flow: "paste", actions: ["paste"], code_asked: true });
    await waitFor(() => {
      expect(box).toHaveFocus();
    });
  });

  describe("beside a desktop that has the focus", () => {
    const canvas = document.createElement("canvas");
    canvas.tabIndex = 0;

    async function openWithDesktop(): Promise<void> {
      await open({});
      push("ready", { flow: "paste", actions: ["paste"] });
      await screen.findByRole("textbox", { name: "Paste the code" });
      document.body.append(canvas);
      canvas.focus();
    }

    afterEach(() => {
      canvas.remove();
    });

    it("never takes the focus from a person who types into it", async () => {
      await openWithDesktop();
      await userEvent.keyboard("secr");
      push("awaiting_user_auth", { flow: "paste", actions: ["paste"], code_asked: true });
      await screen.findByText(/waits for the code/);
      expect(canvas).toHaveFocus();
    });

    it("takes the focus when the desktop only appeared", async () => {
      await openWithDesktop();
      push("awaiting_user_auth", { flow: "paste", actions: ["paste"], code_asked: true });
      await screen.findByText(/waits for the code/);
      expect(screen.getByRole("textbox", { name: "Paste the code" })).toHaveFocus();
    });
  });

  it("sends no code of spaces alone", async () => {
    const waiting = sessionIn("awaiting_user_auth", { flow: "paste", actions: ["paste"] });
    const requests = await open({ [`GET ${SESSION}`]: waiting });
    await userEvent.type(screen.getByRole("textbox", { name: "Paste the code" }), "  {Enter}");
    expect(requests.some((request) => request.includes("/input"))).toBe(false);
  });

  it("says at the box what the tool refused, and is ready for another code", async () => {
    const told: Partial<Session> = { flow: "paste", actions: ["paste"], code_asked: true };
    const waiting = sessionIn("awaiting_user_auth", told);
    await open({ [`GET ${SESSION}`]: waiting, [`POST ${SESSION}/input`]: waiting });
    const box = screen.getByRole("textbox", { name: "Paste the code" });
    await userEvent.type(box, "wrong{Enter}");
    expect(await screen.findByText(/^Sent to the tool/)).toBeVisible();
    const refused = { code: "tool_error", text: "The tool says: Invalid code", at: instant(9) };
    push("awaiting_user_auth", { ...told, notices: [refused] });
    const alert = await screen.findByText("The tool says: Invalid code.");
    expect(alert.closest("[role=alert]")).toHaveTextContent(/paste it here/);
    expect(screen.queryByText(/^Sent to the tool/)).toBeNull();
    expect(box).toHaveValue("");
    expect(box).toHaveFocus();
    expect(box).toBeInvalid();
    await userEvent.type(box, "right{Enter}");
    expect(await screen.findByText(/^Sent to the tool/)).toBeVisible();
    expect(screen.queryByText("The tool says: Invalid code.")).toBeNull();
    // The controller keeps the last refusal alone.
    push("awaiting_user_auth", { ...told, notices: [{ ...refused, at: instant(20) }] });
    expect(await screen.findByText("The tool says: Invalid code.")).toBeVisible();
  });

  it("keeps a code that did not get through", async () => {
    const waiting = sessionIn("awaiting_user_auth", { flow: "paste", actions: ["paste"] });
    const busy = { code: "busy", cause: "The tool does not wait.", remedy: "Wait for it." };
    await open({ [`GET ${SESSION}`]: waiting, [`POST ${SESSION}/input`]: refusal(409, busy) });
    const box = screen.getByRole("textbox", { name: "Paste the code" });
    await userEvent.type(box, "abc{Enter}");
    expect(await screen.findByText(busy.cause)).toBeVisible();
    expect(box).toHaveValue("abc");
  });

  it("shows the code of a device with ways to copy it and to open its page", async () => {
    const session = sessionIn("awaiting_user_auth", {
      flow: "device",
      user_code: "WDJB-MJHT",
      actions: ["open_url"],
    });
    const requests = await open({ [`GET ${SESSION}`]: session, [`POST ${SESSION}/open-url`]: session });
    const code = within(screen.getByRole("region", { name: "Your code" }));
    expect(code.getByText("WDJB-MJHT")).toBeVisible();
    expect(code.getByRole("button", { name: "Copy code" })).toBeVisible();
    expect(code.getByRole("link", { name: "Open here" })).toHaveAttribute("href", session.auth_url);
    await userEvent.click(code.getByRole("button", { name: "Open in machine" }));
    await waitFor(() => {
      expect(requests.some((request) => request.startsWith(`POST ${SESSION}/open-url`))).toBe(true);
    });
  });

  it("says that the tool asks something, with its screen and where to answer", async () => {
    await open({});
    const text = "It waits. On its screen:\nPick a theme:\n> Dark";
    push("ready", { notices: [{ code: "tool_waits", text, at: instant(3) }] });
    const question = await screen.findByRole("region", { name: "The tool is asking something" });
    expect(question).toHaveTextContent(/Answer it in the desktop’s terminal/);
    expect(question.querySelector("pre")).toHaveTextContent("Pick a theme: > Dark");
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

  it("extends the time when it is asked to", async () => {
    const later = sessionIn("ready", { actions: ["heartbeat"], deadline_at: instant(9_000) });
    const requests = await open({ [`GET ${SESSION}`]: later, [`POST ${SESSION}/heartbeat`]: later });
    const beats = () => requests.filter((request) => request === `POST ${SESSION}/heartbeat`).length;
    const before = beats();
    await userEvent.click(screen.getByRole("button", { name: "Extend" }));
    await waitFor(() => {
      expect(beats()).toBe(before + 1);
    });
  });

  it("says how many watch by a view link", async () => {
    await open({});
    expect(screen.queryByText(/watching/)).toBeNull();
    const regions = screen.getAllByRole("status"); // what is read out must have been there before
    push("ready", { watchers: 2 });
    expect(await screen.findByText("2 watching")).toBeVisible();
    expect(regions.some((region) => region.textContent === "2 watching")).toBe(true);
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
