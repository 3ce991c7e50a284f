import { act, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { App, makeCache } from "../app";
import { refusal, serve, type Answers } from "../testing/api";
import { FakeEventSource } from "../testing/fake-event-source";
import { PROBLEM } from "../testing/goldens";
import { machineListed, machineWith, pageWith } from "../testing/tables";
import { stepOf } from "../testing/timeline";

const LOG = "/api/vms/vm-1/logs/console.log/events";
const FAILURE = {
  code: "qemu_failed",
  cause: "QEMU ended.",
  remedy: "Try again.",
  stage: "running",
  evidence: { exit: "signal 9" },
  retryable: true,
  golden_id: "g-1",
  agent_build: null,
};

function open(answers: Answers = {}, path = "/dashboard/machines/vm-1"): string[] {
  const requests = serve({
    "GET /api/me": { user_id: "u-1", name: "ada", operator: true },
    "GET /api/tables/machines": pageWith([machineListed()]),
    "GET /api/vms/vm-1": machineWith(),
    "GET /api/vms/vm-1/timeline": { steps: [stepOf("confirm")] },
    "GET /api/vms/vm-1/logs": [{ name: "console.log", size_bytes: 10 }],
    ...answers,
  });
  window.history.replaceState(null, "", path);
  render(<App cache={makeCache()} token={null} />);
  return requests;
}

const drawer = () => screen.findByRole("dialog");

async function log(text: string, special: { ended?: boolean; whole?: boolean } = {}): Promise<void> {
  await waitFor(() => FakeEventSource.of(LOG));
  act(() => {
    const tail = { text, whole: true, ended: false, ...special };
    FakeEventSource.of(LOG).sendText(JSON.stringify(tail), "log");
  });
}

describe("a machine's drawer", () => {
  it("opens from its row and leaves the table's address as it was", async () => {
    open({}, "/dashboard/machines?q=vm");
    await userEvent.click(await screen.findByRole("link", { name: "vm-1" }));
    expect(window.location.pathname + window.location.search).toBe("/dashboard/machines/vm-1?q=vm");
    await userEvent.click(within(await drawer()).getByRole("button", { name: "Close" }));
    await waitFor(() => {
      expect(window.location.pathname + window.location.search).toBe("/dashboard/machines?q=vm");
    });
  });

  it("tells its facts and its steps, and leads to golden and session", async () => {
    open();
    const shown = within(await drawer());
    expect(await shown.findByText("container")).toBeVisible();
    expect(shown.getByText("4711")).toBeVisible();
    expect(shown.getByRole("link", { name: "g-1" })).toHaveAttribute("href", "/dashboard/goldens/g-1");
    expect(shown.getByRole("link", { name: "s-1" })).toHaveAttribute("href", "/dashboard/sessions/s-1");
    expect(await shown.findByText("Checking the machine")).toBeVisible();
  });

  it("tells why it failed, with the evidence", async () => {
    open({ "GET /api/vms/vm-1": machineWith({ status: "failed", failure: FAILURE }) });
    const record = within(await screen.findByRole("region", { name: "Failure" }));
    await waitFor(() => {
      expect(record.getByText("QEMU ended.")).toBeVisible();
    });
    expect(record.getByText("may help")).toBeVisible();
    await userEvent.click(record.getByRole("button", { name: "Evidence: exit" }));
    const evidence = await record.findByText("signal 9");
    await waitFor(() => {
      expect(evidence).toBeVisible();
    });
  });

  it("reads it again when the table says that it has changed", async () => {
    const requests = open();
    await drawer();
    const feed = await waitFor(() => FakeEventSource.of("/api/tables/machines/events"));
    const before = requests.filter((each) => each === "GET /api/vms/vm-1").length;
    act(() => {
      const page = pageWith([machineListed({ status: "destroyed", ended_at: "2026-11-03T14:09:00.000Z" })]);
      feed.sendText(JSON.stringify(page), "page");
    });
    await waitFor(() => {
      expect(requests.filter((each) => each === "GET /api/vms/vm-1").length).toBe(before + 1);
    });
  });

  it("says that there is no such machine", async () => {
    open({ "GET /api/vms/vm-1": refusal(404, PROBLEM), "GET /api/tables/machines": pageWith([]) });
    expect(await within(await drawer()).findByText("This machine cannot be shown")).toBeInTheDocument();
  });

  it("says that its steps and logs are not kept any more", async () => {
    open({ "GET /api/vms/vm-1/timeline": { steps: [] }, "GET /api/vms/vm-1/logs": [] });
    expect(await screen.findByText(/No step is kept of it/)).toBeVisible();
    expect(await screen.findByText(/There is nothing to read/)).toBeVisible();
  });

  it("shows its log as it grows, until it is over", async () => {
    open();
    await log("one\n");
    const pane = await screen.findByRole("region", { name: "The end of console.log" });
    expect(pane).toHaveTextContent("one");
    expect(screen.getByRole("switch", { name: "Follow" })).toBeChecked();
    await log("one\ntwo\n", { ended: true, whole: false });
    expect(pane).toHaveTextContent("one two");
    expect(screen.queryByRole("switch", { name: "Follow" })).toBeNull();
    expect(screen.getByText("What came before is left out.")).toBeVisible();
    expect(FakeEventSource.of(LOG).readyState).toBe(FakeEventSource.CLOSED);
  });

  it("finds a text in the log, goes from match to match, and follows no more meanwhile", async () => {
    open();
    await log("Error one\nfine\nerror two\nan ERROR\n");
    const box = await screen.findByRole("searchbox", { name: "Find in console.log" });
    await userEvent.type(box, "error");
    const hits = () => screen.getAllByText(/^error$/i, { selector: "mark" });
    expect(hits().map((hit) => hit.dataset.present)).toEqual(["true", "false", "false"]);
    expect(screen.getByText("1 of 3")).toBeVisible();
    expect(screen.getByRole("switch", { name: "Follow" })).not.toBeChecked();
    await userEvent.keyboard("{Enter}");
    expect(screen.getByText("2 of 3")).toBeVisible();
    await userEvent.keyboard("{Shift>}{Enter}{/Shift}");
    await userEvent.click(screen.getByRole("button", { name: "Match before" }));
    expect(screen.getByText("3 of 3")).toBeVisible();
    await userEvent.clear(box);
    await userEvent.type(box, "nowhere");
    expect(screen.getByText("Not found")).toBeVisible();
    expect(screen.getByRole("button", { name: "Next match" })).toBeDisabled();
  });

  it("shows one of several logs", async () => {
    open({
      "GET /api/vms/vm-1/logs": [
        { name: "agent.log", size_bytes: 1 },
        { name: "console.log", size_bytes: 2 },
      ],
    });
    await userEvent.click(await screen.findByRole("radio", { name: "console.log" }));
    await log("hello\n");
    expect(await screen.findByRole("region", { name: "The end of console.log" })).toHaveTextContent("hello");
  });
});
