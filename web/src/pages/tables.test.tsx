import { act, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { App, makeCache } from "../app";
import { refusal, searches, serve, type Answers } from "../testing/api";
import { FakeEventSource } from "../testing/fake-event-source";
import { PROBLEM } from "../testing/goldens";
import { machineListed, pageWith } from "../testing/tables";

const MACHINES = "/api/tables/machines";
const EVENTS = `${MACHINES}/events`;
const BROKEN = machineListed({
  vm_id: "vm-2",
  owner: "bob",
  status: "failed",
  error_code: "qemu_failed",
  error_cause: "It ended.",
  ended_at: "2026-11-03T14:06:00.000Z",
});
const FACETS = {
  status: [
    { value: "running", count: 40 },
    { value: "failed", count: 20 },
  ],
  owner: [{ value: "ada", count: 60 }],
};

function open(answers: Answers = {}, search = ""): string[] {
  const requests = serve({
    "GET /api/me": { user_id: "u-1", name: "ada", operator: true },
    [`GET ${MACHINES}`]: pageWith([machineListed(), BROKEN], { total: 60, facets: FACETS }),
    ...answers,
  });
  window.history.replaceState(null, "", `/dashboard/machines${search}`);
  render(<App cache={makeCache()} token={null} />);
  return requests;
}

const table = () => screen.findByRole("table");
const asked = () => new URLSearchParams(searches(MACHINES).at(-1));
const address = () => window.location.search;

describe("a table that the controller sorts, filters and pages", () => {
  it("asks for its first page, the newest first, and says how many there are", async () => {
    open();
    expect(within(await table()).getAllByRole("row")).toHaveLength(3);
    expect(asked().toString()).toBe("sort=created_at&order=desc&offset=0&limit=25");
    expect(screen.getByText("1–25 of 60")).toBeVisible();
    expect(screen.getByRole("columnheader", { name: "Created" })).toHaveAttribute("aria-sort", "descending");
    expect(screen.getByRole("columnheader", { name: "State" })).toHaveAttribute("aria-sort", "none");
    expect(screen.getByRole("columnheader", { name: "Isolation" })).not.toHaveAttribute("aria-sort");
  });

  it("sorts by a heading, both ways, by keyboard too, and keeps that in the address", async () => {
    open();
    await table();
    await userEvent.click(screen.getByRole("button", { name: "Owner" }));
    await waitFor(() => {
      expect(asked().get("sort")).toBe("owner");
    });
    expect(address()).toBe("?sort=owner");
    screen.getByRole("button", { name: "Owner" }).focus();
    await userEvent.keyboard("{Enter}");
    await waitFor(() => {
      expect(asked().get("order")).toBe("asc");
    });
    expect(address()).toBe("?sort=owner&order=asc");
    expect(screen.getByRole("columnheader", { name: "Owner" })).toHaveAttribute("aria-sort", "ascending");
  });

  it("sorts where there are no headings", async () => {
    open();
    await table();
    await userEvent.selectOptions(screen.getByLabelText("Sort by"), "Lived, first first");
    await waitFor(() => {
      expect(asked().get("sort")).toBe("ended_at");
    });
    expect(asked().get("order")).toBe("asc");
  });

  it("goes to the next page and, narrowed, to the first again", async () => {
    open();
    await table();
    expect(screen.getByRole("button", { name: "Page before" })).toBeDisabled();
    await userEvent.click(screen.getByRole("button", { name: "Next page" }));
    await waitFor(() => {
      expect(asked().get("offset")).toBe("25");
    });
    expect(address()).toBe("?page=2");
    await userEvent.type(screen.getByRole("searchbox", { name: "Find rows" }), "qemu");
    await waitFor(() => {
      expect(asked().get("q")).toBe("qemu");
    });
    expect(asked().get("offset")).toBe("0");
    expect(address()).toBe("?q=qemu");
  });

  it("narrows by any of the values of a facet, and shows all again", async () => {
    open();
    await table();
    await userEvent.click(screen.getByRole("button", { name: "Narrow by State" }));
    await userEvent.click(await screen.findByRole("checkbox", { name: "failed 20" }));
    await userEvent.click(screen.getByRole("checkbox", { name: "running 40" }));
    await waitFor(() => {
      expect(asked().getAll("status")).toEqual(["failed", "running"]);
    });
    expect(address()).toBe("?status=failed&status=running");
    await userEvent.click(await screen.findByRole("button", { name: "Show all", hidden: true }));
    await waitFor(() => {
      expect(address()).toBe("");
    });
  });

  it("opens as a link says, and asks just that", async () => {
    open({}, "?q=vm&status=failed&sort=status&order=asc&page=3");
    await table();
    expect(searches(MACHINES)).toEqual(["sort=status&order=asc&offset=50&limit=25&q=vm&status=failed"]);
    expect(screen.getByRole("searchbox", { name: "Find rows" })).toHaveValue("vm");
    expect(screen.getByRole("button", { name: "Narrow by State: failed" })).toBeVisible();
  });

  it("shows what changes as it changes, without asking again", async () => {
    open();
    await table();
    act(() => {
      const page = pageWith([machineListed({ vm_id: "vm-9", status: "destroyed" })]);
      FakeEventSource.of(EVENTS).sendText(JSON.stringify(page), "page");
    });
    expect(await screen.findByRole("link", { name: "vm-9" })).toBeVisible();
    expect(screen.queryByRole("link", { name: "vm-1" })).toBeNull();
    expect(searches(MACHINES)).toHaveLength(1);
    expect(FakeEventSource.of(EVENTS).url).toContain("sort=created_at&order=desc");
  });

  it("follows what is asked now, and no more what was asked before", async () => {
    open();
    await table();
    const before = FakeEventSource.of(EVENTS);
    await userEvent.click(screen.getByRole("button", { name: "Narrow by State" }));
    await userEvent.click(await screen.findByRole("checkbox", { name: "failed 20" }));
    await waitFor(() => {
      expect(FakeEventSource.of(EVENTS).url).toContain("status=failed");
    });
    expect(before.readyState).toBe(FakeEventSource.CLOSED);
  });

  it("says that it reconnects, and leaves what it shows", async () => {
    let down = false;
    const page = pageWith([machineListed()]);
    open({
      [`GET ${MACHINES}`]: () => {
        if (down) throw new TypeError("no answer");
        return page;
      },
    });
    await table();
    act(() => {
      FakeEventSource.of(EVENTS).open();
    });
    down = true;
    act(() => {
      FakeEventSource.of(EVENTS).fail("refused");
    });
    expect(await screen.findByText("Reconnecting to the controller…")).toBeVisible();
    expect(screen.getByRole("link", { name: "vm-1" })).toBeVisible();
  });

  it("is empty at first", async () => {
    open({ [`GET ${MACHINES}`]: pageWith([]) });
    expect(await screen.findByText("No machine yet")).toBeVisible();
    expect(screen.queryByRole("navigation", { name: "Pages of the table" })).toBeNull();
  });

  it("says that nothing fits, and the way back", async () => {
    open({ [`GET ${MACHINES}`]: pageWith([]) }, "?q=nothing");
    expect(await screen.findByText("Nothing fits")).toBeVisible();
    const [, below] = screen.getAllByRole("button", { name: "Show all" });
    await userEvent.click(below ?? document.body);
    await waitFor(() => {
      expect(address()).toBe("");
    });
    expect(screen.getByRole("searchbox", { name: "Find rows" })).toHaveValue("");
  });

  it("says that there are more rows than were looked at, with or without one that fits", async () => {
    open({ [`GET ${MACHINES}`]: pageWith([machineListed()], { total: 10000, bounded: true }) });
    expect(await screen.findByText("1–25 of 10,000+")).toBeVisible();
    expect(screen.getByText(/There are more rows than are looked at/)).toBeVisible();
  });

  it("does not say that no row is like that when it has not looked at all", async () => {
    open({ [`GET ${MACHINES}`]: pageWith([], { bounded: true }) }, "?q=nothing");
    expect(await screen.findByText(/No row that was looked at is like that/)).toBeVisible();
  });

  it("says what is wrong with an address, and the way back", async () => {
    const wrong = {
      code: "bad_input",
      cause: "query.sort: Input should be 'status'.",
      remedy: "Compare it.",
    };
    open({ [`GET ${MACHINES}`]: refusal(422, wrong) }, "?sort=nonsense&status=asleep");
    expect(await screen.findByText("This address asks for what the table cannot show")).toBeVisible();
    expect(screen.getByText(/query\.sort/)).toBeVisible();
    await userEvent.click(within(screen.getByRole("alert")).getByRole("button", { name: "Show all" }));
    await waitFor(() => {
      expect(address()).toBe("");
    });
  });

  it("says why it cannot be read, and tries again", async () => {
    let broken = true;
    open({ [`GET ${MACHINES}`]: () => (broken ? refusal(503, PROBLEM) : pageWith([machineListed()])) });
    expect(await screen.findByText("Machines could not be read")).toBeVisible();
    broken = false;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("link", { name: "vm-1" })).toBeVisible();
  });

  it("shows that it is being read", () => {
    open({ [`GET ${MACHINES}`]: () => new Promise(() => undefined) });
    expect(screen.queryByRole("table")).toBeNull();
  });
});
