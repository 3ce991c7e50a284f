import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { Host } from "../api/types";
import { App, makeCache } from "../app";
import { refusal, serve, type Answers } from "../testing/api";
import { credentialWith, providerWith } from "../testing/providers";
import { sessionIn } from "../testing/sessions";

const DEMO = providerWith();

const HOST: Host = {
  version: "0.1.0",
  driver: "container",
  isolation: "container",
  why: "KVM did not pass its probe.",
  golden_id: "g-1",
  golden_ready: true,
  checks: [
    { name: "kvm", ok: false, detail: "A probe machine did not boot.", fix: "modprobe kvm", needed: false },
    { name: "bwrap", ok: false, detail: "is not on PATH", fix: "apt-get install bubblewrap", needed: true },
    { name: "xvnc", ok: true, detail: "found", fix: null, needed: true },
  ],
};

function open(answers: Answers): string[] {
  const requests = serve({
    "GET /api/me": { user_id: "u-1", name: "ada", operator: true },
    "GET /api/host": HOST,
    "GET /api/providers": [DEMO],
    ...answers,
  });
  window.history.replaceState(null, "", "/dashboard/remote-cli");
  render(<App cache={makeCache()} token={null} />);
  return requests;
}

describe("the connect page", () => {
  it("has one button per tool, named for it, that starts a sign-in", async () => {
    const session = sessionIn("started");
    open({
      "POST /api/vm/auth": { session_id: "s-1", status: "started", session },
      "GET /api/auth/session/s-1": session,
      "POST /api/auth/session/s-1/heartbeat": session,
    });
    const button = await screen.findByRole("button", { name: "Connect Demo" });
    expect(screen.getByText("Not connected")).toBeVisible();
    await userEvent.click(button);
    await waitFor(() => {
      expect(window.location.pathname).toBe("/dashboard/remote-cli/session/s-1");
    });
  });

  it("starts another way of signing in from the menu beside Connect", async () => {
    const session = sessionIn("started", { flow: "device" });
    const requests = open({
      "GET /api/providers": [providerWith({ flows: ["loopback", "device"] })],
      "POST /api/vm/auth": { session_id: "s-1", status: "started", session },
      "GET /api/auth/session/s-1": session,
      "POST /api/auth/session/s-1/heartbeat": session,
    });
    await userEvent.click(await screen.findByRole("button", { name: "Other ways to sign in to Demo" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: /^Enter a code/ }));
    await waitFor(() => {
      expect(requests).toContain('POST /api/vm/auth {"provider":"demo","flow":"device"}');
    });
  });

  it("offers to renew a credential that may not work any more", async () => {
    const credential = credentialWith({ doubt: "The provider refused it to ci-3." });
    open({ "GET /api/providers": [providerWith({ credential })] });
    expect(await screen.findByRole("button", { name: "Renew Demo" })).toBeVisible();
    expect(screen.getByText("The provider refused it to ci-3.")).toBeVisible();
  });

  it("has no menu where there is one way", async () => {
    open({});
    await screen.findByRole("button", { name: "Connect Demo" });
    expect(screen.queryByRole("button", { name: /Other ways/ })).toBeNull();
  });

  it("says in full why a tool is unverified, to keys too", async () => {
    const why = "It cannot be installed from a registry.";
    open({ "GET /api/providers": [providerWith({ verified: false, unverified_because: why })] });
    const badge = await screen.findByText("Unverified");
    expect(screen.getByText(why)).not.toBeVisible();
    await userEvent.click(badge);
    expect(screen.getByText(why)).toBeVisible();
  });

  it("finds a tool among many by its name", async () => {
    const many = Array.from({ length: 9 }, (_, i) => providerWith({ name: `t${i}`, title: `Tool ${i}` }));
    open({ "GET /api/providers": many });
    await userEvent.type(await screen.findByRole("searchbox", { name: "Find a tool" }), "tool 7");
    expect(screen.getByText("1 of 9 tools")).toBeVisible();
    expect(screen.getAllByRole("article")).toHaveLength(1);
  });

  it("needs no filter for a few tools", async () => {
    open({});
    await screen.findByRole("button", { name: "Connect Demo" });
    expect(screen.queryByRole("searchbox")).toBeNull();
  });

  it("offers the open session instead of a second one", async () => {
    open({ "GET /api/providers": [{ ...DEMO, open_session_id: "s-9" }] });
    expect(await screen.findByRole("button", { name: /Open session/ })).toBeVisible();
    expect(screen.queryByRole("button", { name: "Connect Demo" })).toBeNull();
  });

  it("goes to a session that was begun elsewhere", async () => {
    const conflict = { code: "conflict", cause: "One is open.", remedy: "Go on with it." };
    let asked = 0;
    const session = sessionIn("started", { session_id: "s-9" });
    open({
      "GET /api/providers": () => [{ ...DEMO, open_session_id: asked++ === 0 ? null : "s-9" }],
      "POST /api/vm/auth": refusal(409, conflict),
      "GET /api/auth/session/s-9": session,
      "POST /api/auth/session/s-9/heartbeat": session,
    });
    await userEvent.click(await screen.findByRole("button", { name: "Connect Demo" }));
    await waitFor(() => {
      expect(window.location.pathname).toBe("/dashboard/remote-cli/session/s-9");
    });
  });

  it("says why a sign-in could not start", async () => {
    open({
      "POST /api/vm/auth": refusal(503, { code: "host_unfit", cause: "No QEMU.", remedy: "Install it." }),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Connect Demo" }));
    const alert = await screen.findByRole("alert");
    expect(within(alert).getByText("No QEMU.")).toBeVisible();
    expect(within(alert).getByText("Install it.")).toBeVisible();
  });

  it("tells how machines are isolated, why, and what to mend", async () => {
    open({});
    const host = await screen.findByRole("region", { name: "This host" });
    expect(host).toHaveTextContent("Machines here are containers");
    expect(host).toHaveTextContent(HOST.why);
    expect(host).toHaveTextContent("A container shares the host's kernel.");
    expect(host).toHaveTextContent("FIX: apt-get install bubblewrap");
    expect(host).toHaveTextContent("A probe machine did not boot.modprobe kvm");
    expect(host).not.toHaveTextContent("xvnc");
  });

  it("warns when the golden is not built", async () => {
    open({ "GET /api/host": { ...HOST, golden_ready: false, checks: [] } });
    expect(await screen.findByText("vestibule golden build")).toBeVisible();
  });

  it("says what to do when no tool is declared", async () => {
    open({ "GET /api/providers": [] });
    expect(await screen.findByText("No tool is declared")).toBeVisible();
  });

  it("explains that the tools could not be read", async () => {
    open({
      "GET /api/providers": refusal(500, {
        code: "internal",
        cause: "It broke.",
        remedy: "Look at the log.",
      }),
    });
    expect(await screen.findByText("It broke.")).toBeVisible();
  });

  it("says how to get in when nobody is signed in", async () => {
    open({ "GET /api/me": refusal(401, { code: "not_signed_in", cause: "No.", remedy: "Ask." }) });
    expect(await screen.findByText("vestibule user link NAME")).toBeVisible();
    expect(screen.queryByRole("button", { name: "Connect Demo" })).toBeNull();
  });
});
