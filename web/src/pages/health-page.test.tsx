import { act, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { App, makeCache } from "../app";
import { refusal, serve, type Answers } from "../testing/api";
import { FakeEventSource } from "../testing/fake-event-source";
import { PROBLEM } from "../testing/goldens";
import { failuresWith, historyWith, hostHealthWith, sampleWith, startsWith } from "../testing/health";

function open(answers: Answers = {}, path = "/dashboard/health"): string[] {
  const requests = serve({
    "GET /api/me": { user_id: "u-1", name: "ada", operator: true },
    "GET /api/health/failures": failuresWith(),
    "GET /api/health/host": hostHealthWith(),
    "GET /api/health/host/history": historyWith(),
    "GET /api/health/starts": startsWith(),
    ...answers,
  });
  window.history.replaceState(null, "", path);
  render(<App cache={makeCache()} token={null} />);
  return requests;
}

const region = (name: string) => screen.findByRole("region", { name });

describe("the health page", () => {
  it("says how many sign-ins succeeded, and of whom", async () => {
    open();
    const band = await region("Sign-ins");
    expect(band).toHaveTextContent("75 % succeeded");
    expect(band).toHaveTextContent("of 12 sign-ins of all users that ended by themselves");
    expect(band).toHaveTextContent("Completed9Failed3Cancelled2");
  });

  it("says to a user that the counts are their own", async () => {
    open({ "GET /api/health/failures": failuresWith({ of_everybody: false }) });
    expect(await region("Sign-ins")).toHaveTextContent("of 12 sign-ins of yours");
  });

  it("lists reasons with their goldens, and examples that lead to one's own sessions", async () => {
    open();
    const reasons = within(await region("Why sign-ins failed")).getAllByRole("listitem");
    expect(reasons[0]).toHaveTextContent("url_not_seen2 66.7 %1 from g-1, 1 before there was a machine");
    expect(reasons[0]).toHaveTextContent("The tool showed no address.");
    const link = screen.getByRole("link", { name: "codex" });
    expect(link).toHaveAttribute("href", "/dashboard/remote-cli/session/s-9");
    expect(screen.getByText("None of them is yours.")).toBeVisible();
  });

  it("picks a reason out in the chart, and lets it go again, by keyboard too", async () => {
    open();
    const reason = await screen.findByRole("button", { name: "url_not_seen" });
    reason.focus();
    await userEvent.keyboard("{Enter}");
    expect(reason).toHaveAttribute("aria-pressed", "true");
    expect(screen.getByRole("img", { name: /url_not_seen picked out: most failed \(2\)/ })).toBeVisible();
    await userEvent.keyboard(" ");
    expect(reason).toHaveAttribute("aria-pressed", "false");
    expect(screen.getByRole("img", { name: /^Sign-ins over time: most failed/ })).toBeVisible();
  });

  it("shows each golden's share, and leads to it", async () => {
    open();
    const table = await region("By golden");
    const rows = within(table).getAllByRole("row");
    expect(rows[1]).toHaveTextContent("g-181.8 %92tool_exited 1url_not_seen 1");
    expect(rows[2]).toHaveTextContent("before there was a machine0 %");
    expect(within(table).getByRole("link", { name: "g-1" })).toHaveAttribute(
      "href",
      "/dashboard/goldens/g-1",
    );
  });

  it("looks further back, keeps that in the address, and asks again when told to", async () => {
    const requests = open();
    await region("Sign-ins");
    await userEvent.click(screen.getByRole("radio", { name: "30 days" }));
    await waitFor(() => {
      expect(window.location.search).toBe("?days=30");
    });
    await region("Sign-ins");
    const before = requests.length;
    await userEvent.click(screen.getByRole("button", { name: "Look again" }));
    await waitFor(() => {
      expect(requests.slice(before)).toContain("GET /api/health/host");
    });
  });

  it("opens where a link says, and where a link is wrong at seven days", async () => {
    open({}, "/dashboard/health?days=1");
    expect(await screen.findByRole("radio", { name: "24 hours" })).toBeChecked();
  });

  it("takes a range that there is not for the usual one", async () => {
    open({}, "/dashboard/health?days=5000");
    expect(await screen.findByRole("radio", { name: "7 days" })).toBeChecked();
  });

  it("says that nothing has ended yet", async () => {
    const score = { completed: 0, failed: 0, cancelled: 0, success_rate: null };
    open({ "GET /api/health/failures": failuresWith({ score, reasons: [], goldens: [] }) });
    expect(await screen.findByText("No sign-in has ended in this time")).toBeVisible();
    expect(await region("This host now")).toHaveTextContent("Ready");
  });

  it("has no list of reasons where nothing failed", async () => {
    const score = { completed: 4, failed: 0, cancelled: 0, success_rate: 1 };
    const bars = failuresWith().bars.map((bar) => ({ ...bar, score }));
    open({ "GET /api/health/failures": failuresWith({ score, reasons: [], bars }) });
    expect(await region("Sign-ins")).toHaveTextContent("100 % succeeded");
    expect(screen.getByRole("img", { name: "Sign-ins over time: none failed" })).toBeVisible();
    expect(screen.queryByRole("region", { name: "Why sign-ins failed" })).toBeNull();
  });

  it("says what the host lacks, why, and what to do", async () => {
    const checks = [
      { name: "disk", ok: false, code: "disk_full", cause: "It is full.", remedy: "Free some space." },
    ];
    open({ "GET /api/health/host": hostHealthWith({ ready: false, checks, stalls: [] }) });
    const panel = await region("This host now");
    expect(panel).toHaveTextContent("Not ready");
    expect(panel).toHaveTextContent("disk failsIt is full.Free some space.");
    expect(panel).toHaveTextContent("Memory1.0 GiB of 4.0 GiB left");
    expect(panel).toHaveTextContent("This kernel does not count it (PSI).");
  });

  it("shows the one part when the other cannot be read", async () => {
    open({ "GET /api/health/failures": refusal(503, PROBLEM) });
    expect(await screen.findByText("Failures could not be read")).toBeVisible();
    expect(screen.getByText(PROBLEM.remedy)).toBeVisible();
    expect(await region("This host now")).toHaveTextContent("Waits for memory1.5 %");
  });

  it("draws how fast machines start, and says the same in words", async () => {
    open();
    const panel = await region("Start times");
    expect(panel).toHaveTextContent("g-1container, 3 machineshalf within 0.80 s, 99 % within 12 s");
    expect(
      within(panel).getByRole("img", {
        name: "Start times of g-1: 0.5 to 1 s: 2 machines; over 1 s: 1 machine",
      }),
    ).toBeVisible();
    expect(within(panel).getByRole("link", { name: "g-1" })).toHaveAttribute(
      "href",
      "/dashboard/goldens/g-1",
    );
  });

  it("says that no machine was started", async () => {
    open({ "GET /api/health/starts": startsWith({ goldens: [], of_everybody: false }) });
    expect(await region("Start times")).toHaveTextContent(
      "your machinesNo machine was started in this time.",
    );
  });

  it("draws the host's processors and memory as they go on, and says the same in words", async () => {
    open();
    const panel = await region("Processors and memory");
    expect(panel).toHaveTextContent("here");
    expect(
      within(panel).getByRole("img", {
        name: "Processors busy over time: now 50 %, 37.5 % on average, between 25 % and 50 %",
      }),
    ).toBeVisible();
    const samples = [...historyWith().samples, sampleWith({ cpu_busy: 1 })];
    act(() => {
      const event = JSON.stringify(historyWith({ samples }));
      FakeEventSource.of("/api/health/host/history/events").sendText(event, "history");
    });
    expect(
      await within(panel).findByRole("img", { name: /^Processors busy over time: now 100 %/ }),
    ).toBeVisible();
    expect(
      within(panel).getByRole("img", { name: /^Memory used over time: now 1.0 GiB of 4.0 GiB/ }),
    ).toBeVisible();
  });

  it("says that the chart has just begun", async () => {
    open({ "GET /api/health/host/history": historyWith({ samples: [sampleWith()] }) });
    expect(await region("Processors and memory")).toHaveTextContent(/come within a minute/);
  });

  it("shows the other charts when one cannot be read", async () => {
    open({
      "GET /api/health/starts": refusal(503, PROBLEM),
      "GET /api/health/host/history": refusal(503, PROBLEM),
    });
    expect(await screen.findByText("Start times could not be read")).toBeVisible();
    expect(await screen.findByText("The host’s history could not be read")).toBeVisible();
    expect(await region("Sign-ins")).toBeVisible();
  });
});
