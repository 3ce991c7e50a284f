import { render, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { App, makeCache } from "../app";
import { refusal, searches, serve, type Answers } from "../testing/api";
import { PROBLEM } from "../testing/goldens";
import { instant } from "../testing/sessions";
import { pageWith, sessionListed } from "../testing/tables";
import { stepOf } from "../testing/timeline";

const FAILED = sessionListed({
  session_id: "s-2",
  owner: "bob",
  status: "failed",
  vm_id: null,
  error_code: "host_saturated",
  error_cause: "No room.",
  error_remedy: "Wait.",
});
const DETAIL = { session: sessionListed(), failure: null, stages: [{ status: "started", at: instant(0) }] };

function open(answers: Answers = {}, path = "/dashboard/sessions"): void {
  serve({
    "GET /api/me": { user_id: "u-1", name: "ada", operator: true },
    "GET /api/tables/sessions": pageWith([sessionListed(), FAILED]),
    "GET /api/tables/sessions/s-1": DETAIL,
    "GET /api/auth/session/s-1/timeline": { steps: [stepOf("confirm")] },
    ...answers,
  });
  window.history.replaceState(null, "", path);
  render(<App cache={makeCache()} token={null} />);
}

describe("the page of sessions", () => {
  it("lists everybody's, with what became of them", async () => {
    open();
    const [, first, second] = within(await screen.findByRole("table")).getAllByRole("row");
    expect(first).toHaveTextContent("s-1demoConnectedadavm-1");
    expect(second).toHaveTextContent("s-2demoFailedhost_saturatedbobnone");
  });

  it("asks for the days of whoever looks", async () => {
    open({}, "/dashboard/sessions?from=2026-11-03&to=2026-11-04");
    await screen.findByRole("table");
    const asked = new URLSearchParams(searches("/api/tables/sessions")[0]);
    expect(asked.get("since")).toBe(new Date("2026-11-03T00:00").toISOString());
    expect(asked.get("until")).toBe(new Date("2026-11-05T00:00").toISOString());
    expect(screen.getByLabelText("To this day")).toHaveValue("2026-11-04");
  });

  it("tells one's facts and steps beside the table, and leads to one's own page", async () => {
    open({}, "/dashboard/sessions/s-1");
    const drawer = within(await screen.findByRole("dialog"));
    expect(await drawer.findByText("ada signed in to demo")).toBeVisible();
    expect(drawer.getByRole("link", { name: "Open its page" })).toHaveAttribute(
      "href",
      "/dashboard/remote-cli/session/s-1",
    );
    expect(drawer.getByRole("link", { name: "Its machine" })).toHaveAttribute(
      "href",
      "/dashboard/machines/vm-1",
    );
    expect(await drawer.findByText("Checking the machine")).toBeVisible();
  });

  it("does not lead to the page of somebody else, and tells why theirs failed", async () => {
    const failure = {
      code: "host_saturated",
      cause: "No room.",
      remedy: "Wait.",
      stage: null,
      evidence: {},
      retryable: true,
      golden_id: null,
      agent_build: null,
    };
    open(
      {
        "GET /api/tables/sessions/s-2": { session: FAILED, failure, stages: [] },
        "GET /api/auth/session/s-2/timeline": { steps: [] },
      },
      "/dashboard/sessions/s-2",
    );
    const drawer = within(await screen.findByRole("dialog"));
    expect(await drawer.findByText("No room.")).toBeVisible();
    expect(drawer.getByText("not recorded")).toBeVisible();
    expect(drawer.queryByRole("link", { name: "Open its page" })).toBeNull();
  });

  it("says that there is no such session", async () => {
    const absent = refusal(404, PROBLEM);
    open(
      { "GET /api/tables/sessions": pageWith([]), "GET /api/tables/sessions/s-1": absent },
      "/dashboard/sessions/s-1",
    );
    const drawer = within(await screen.findByRole("dialog"));
    expect(await drawer.findByText("This session cannot be shown")).toBeInTheDocument();
  });

  it("is empty at first", async () => {
    open({ "GET /api/tables/sessions": pageWith([]) });
    expect(await screen.findByText("No sign-in yet")).toBeVisible();
  });
});
