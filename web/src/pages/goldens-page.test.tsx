import { act, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { Goldens } from "../api/types";
import { App, makeCache } from "../app";
import { refusal, serve, type Answers } from "../testing/api";
import { FakeEventSource } from "../testing/fake-event-source";
import {
  detailOf,
  FAILED_CANARY,
  goldensWith,
  goldenWith,
  PROBLEM,
  renewalWith,
  stepWith,
} from "../testing/goldens";
import { instant } from "../testing/sessions";

const REJECTED = {
  ...PROBLEM,
  stage: "canary",
  evidence: { "start of clone 1": "desktop_absent: black" },
  retryable: false,
  golden_id: "g-2",
  agent_build: "a-2",
};
const OLD = goldenWith({ golden_id: "g-0", status: "superseded", wanted: false });
const UNTRIED = goldenWith({
  golden_id: "g-2",
  status: "rejected",
  canaries: [FAILED_CANARY],
  untested: FAILED_CANARY.verdict,
});
const STATE = goldensWith({ roll_back_to: "g-0", goldens: [UNTRIED, goldenWith(), OLD] });

function open(answers: Answers = {}, path = "/dashboard/goldens"): string[] {
  const requests = serve({
    "GET /api/me": { user_id: "u-1", name: "ada", operator: true },
    "GET /api/goldens/state": STATE,
    ...Object.fromEntries(
      STATE.goldens.map((golden) => [`GET /api/goldens/${golden.golden_id}`, detailOf(golden)]),
    ),
    ...answers,
  });
  window.history.replaceState(null, "", path);
  render(<App cache={makeCache()} token={null} />);
  return requests;
}

const band = () => screen.findByRole("region", { name: "The promoted golden" });

const push = (state: Goldens): void => {
  act(() => {
    FakeEventSource.latest.sendText(JSON.stringify(state), "goldens");
  });
};

async function ask(id: string, button: string): Promise<HTMLElement> {
  await userEvent.click(await screen.findByRole("link", { name: id }));
  await userEvent.click(await screen.findByRole("button", { name: button }));
  return screen.findByRole("dialog", { name: /\?$/ });
}

describe("the goldens page", () => {
  it("says what is wrong while nothing can be told, and goes on when it can", async () => {
    const answers: Answers = {};
    open(answers);
    await band();
    serve({ ...answers, "GET /api/goldens/state": refusal(500, PROBLEM) });
    act(() => {
      FakeEventSource.latest.open();
      FakeEventSource.latest.sendText(JSON.stringify(PROBLEM), "trouble");
    });
    expect(await screen.findByText("Goldens could not be read")).toBeVisible();
    expect(screen.getByText(PROBLEM.remedy)).toBeVisible();
    expect(await band()).toBeVisible();
    push(STATE);
    await waitFor(() => {
      expect(screen.queryByText("Goldens could not be read")).toBeNull();
    });
  });

  it.each([
    [0, "sound"],
    [3, "3 damaged"],
  ])("says when every byte was read last, and that %d files were damaged", async (damages, found) => {
    open({
      "GET /api/goldens/state": { ...STATE, scrub: { golden_id: "g-1", at: instant(40), damages } },
    });
    expect(await band()).toHaveTextContent(new RegExp(`Scrubbed.*, ${found}`, "u"));
  });

  it("says nothing of a scrub of another golden than the promoted one", async () => {
    open({
      "GET /api/goldens/state": { ...STATE, scrub: { golden_id: "g-0", at: instant(40), damages: 0 } },
    });
    expect(await band()).not.toHaveTextContent("Scrubbed");
  });

  it("says what machines start from and whether it is today's", async () => {
    open();
    expect(await band()).toHaveTextContent("Current");
    expect(await band()).toHaveTextContent("g-1");
    expect(await band()).toHaveTextContent("A stale golden is renewed by itself.");
  });

  it("follows what is told: a renewal begins and ends", async () => {
    open();
    await band();
    push({ ...STATE, stale: true, wanted: "g-3", renewal: renewalWith({ golden_id: "g-3" }) });
    expect(await band()).toHaveTextContent("Stale, being renewed");
    expect(screen.getByText("merge layers")).toBeVisible();
    expect(screen.getByRole("region", { name: /^Build log/ })).toHaveTextContent("== step 1/3");
    expect(screen.getByRole("button", { name: "Rebuild" })).toBeDisabled();
    expect(screen.getByRole("button", { name: "Rebuild" })).toHaveAccessibleDescription(
      "A renewal is under way.",
    );
    push({ ...STATE, renewal: renewalWith({ outcome: "promoted", ended_at: instant(9) }) });
    expect(await band()).toHaveTextContent("Current");
    expect(screen.getByRole("region", { name: "Last renewal" })).toHaveTextContent("Promoted");
  });

  it("shows a failing step where it is, with the cause and the next step", async () => {
    const steps = [
      stepWith({ phase: "canary", name: "container: sign-in", seconds: 2, trouble: "It ended." }),
    ];
    open({
      "GET /api/goldens/state": {
        ...STATE,
        renewal: renewalWith({ outcome: "rejected", ended_at: instant(9), failure: REJECTED, steps }),
      },
    });
    const panel = await screen.findByRole("region", { name: "Last renewal" });
    for (const text of ["It ended.", PROBLEM.cause, PROBLEM.remedy]) {
      expect(within(panel).getByText(text)).toBeVisible();
    }
    expect(within(panel).getByRole("button", { name: "Evidence: start of clone 1" })).toBeVisible();
  });

  it("rebuilds, and says so decently when that is not for everyone", async () => {
    const requests = open({
      "POST /api/goldens/renew": refusal(403, {
        code: "operator_only",
        cause: "Only root can do it.",
        remedy: "Ask root.",
      }),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Rebuild" }));
    expect(await screen.findByText("Only root can do it.")).toBeVisible();
    expect(requests).toContain("POST /api/goldens/renew");
  });

  it("offers what only an operator may do to nobody else", async () => {
    open({ "GET /api/me": { user_id: "u-2", name: "bob", operator: false } });
    await band();
    expect(screen.queryByRole("button", { name: "Rebuild" })).toBeNull();
    for (const id of ["g-0", "g-1"]) {
      await userEvent.click(screen.getByRole("link", { name: id }));
      const drawer = await screen.findByRole("dialog");
      expect(await within(drawer).findByRole("list", { name: "Checks with container" })).toBeVisible();
      expect(within(drawer).queryByRole("button", { name: /Promote|Roll back/ })).toBeNull();
      await userEvent.click(within(drawer).getByRole("button", { name: "Close" }));
    }
  });

  it("says about how long a renewal will go on, as far as that is known", async () => {
    const renewal = renewalWith({ began_at: new Date().toISOString() });
    open({ "GET /api/goldens/state": { ...STATE, renewal } });
    const panel = await screen.findByRole("region", { name: "Renewal under way" });
    expect(panel).not.toHaveTextContent("to go");
    const expected_end_at = new Date(Date.now() + 179_000).toISOString();
    push({ ...STATE, renewal: { ...renewal, expected_end_at } });
    expect(await screen.findByText(/about 3 min to go/)).toBeVisible();
  });

  it("names what a renewal makes and what changed of the machine, though inputs are today's", async () => {
    const shape = {
      vmm: "ab".repeat(32),
      machine: "q35-1",
      cpu: "max",
      accelerator: "tcg",
      mem_mib: 1536,
      vcpus: 2,
    };
    const made = { done: false, needed: true, last_build_s: 34 };
    open({
      "GET /api/goldens/state": {
        ...STATE,
        shape,
        plan: [
          ...STATE.plan,
          { ...made, kind: "desktop snapshot", name: "desk-1" },
          { ...made, kind: "snapshot", name: null },
        ],
        changes: [{ layer: "snapshot", input: "qemu", before: "cd".repeat(32), after: shape.vmm }],
      },
    });
    const plan = await screen.findByRole("region", { name: "What a renewal makes" });
    expect(plan).toHaveTextContent("desktop snapshotdesk-1to make, last time 34 s");
    expect(plan).toHaveTextContent("snapshotnamed by its disk");
    expect(plan).toHaveTextContent("QEMU abababababab…, machine q35-1, processor max, tcg");
    expect(screen.getByRole("region", { name: "What changed" })).toHaveTextContent("1 input of snapshot");
  });

  it("leaves out snapshots that no renewal makes where machines are containers", async () => {
    const plan = [
      { kind: "golden", name: "g-3", done: false, needed: true, last_build_s: 3 },
      { kind: "snapshot", name: null, done: false, needed: false, last_build_s: null },
    ];
    open({ "GET /api/goldens/state": { ...STATE, stale: true, wanted: "g-3", plan } });
    const made = await screen.findByRole("region", { name: "What a renewal makes" });
    expect(made).toHaveTextContent("g-3");
    expect(made).not.toHaveTextContent("snapshot");
  });

  it("keeps what an event told when an older answer comes after it", async () => {
    let answer: (state: Goldens) => void = () => undefined;
    open({ "POST /api/goldens/renew": new Promise<Goldens>((resolve) => (answer = resolve)) });
    await userEvent.click(await screen.findByRole("button", { name: "Rebuild" }));
    push({ ...STATE, stale: true, wanted: "g-3" });
    answer(STATE);
    await waitFor(() => {
      expect(screen.getByRole("button", { name: "Rebuild" })).not.toHaveAttribute("data-loading");
    });
    expect(await band()).toHaveTextContent("Stale");
  });

  it("says what to do when there is no golden, and when nothing can be read", async () => {
    open({ "GET /api/goldens/state": goldensWith({ promoted: null, refusal: PROBLEM, goldens: [] }) });
    expect(await band()).toHaveTextContent("No machine can start");
    expect(screen.getByText("No golden yet")).toBeVisible();
  });

  it("explains that goldens could not be read", async () => {
    open({ "GET /api/goldens/state": refusal(500, PROBLEM) });
    expect(await screen.findByText(PROBLEM.cause)).toBeVisible();
    expect(screen.getByRole("button", { name: "Try again" })).toBeVisible();
  });
});

describe("one golden", () => {
  it("has an address, and shows every check and the desktop", async () => {
    open({}, "/dashboard/goldens/g-2");
    const drawer = await screen.findByRole("dialog");
    const checks = await within(drawer).findByRole("list", { name: "Checks with container" });
    expect(within(checks).getAllByRole("listitem")[0]).toHaveTextContent("sign-in failedthe tool ended");
    expect(drawer).toHaveTextContent(FAILED_CANARY.evidence);
    expect(within(drawer).getByRole("img", { name: /Desktop of a clone/ })).toHaveAttribute(
      "src",
      FAILED_CANARY.screenshot,
    );
    await userEvent.click(within(drawer).getByRole("button", { name: "Close" }));
    expect(window.location.pathname).toBe("/dashboard/goldens");
  });

  it("is promoted after a question", async () => {
    const requests = open({ "POST /api/goldens/g-0/promote": STATE });
    const dialog = await ask("g-0", "Promote…");
    expect(dialog).toHaveTextContent("It takes the place of g-1.");
    expect(dialog).toHaveTextContent("this one is stale");
    expect(within(dialog).queryByRole("checkbox")).toBeNull();
    await userEvent.click(within(dialog).getByRole("button", { name: "Promote it" }));
    await waitFor(() => {
      expect(requests).toContain('POST /api/goldens/g-0/promote {"untested":false}');
    });
  });

  it("is promoted without a canary only when somebody ticks that they know", async () => {
    const requests = open({ "POST /api/goldens/g-2/promote": STATE });
    const dialog = await ask("g-2", "Promote…");
    expect(dialog).toHaveTextContent("It has not passed its canary: 1 of 2 checks failed");
    expect(within(dialog).getByRole("button", { name: "Promote it" })).toBeDisabled();
    await userEvent.click(within(dialog).getByRole("checkbox", { name: "Use it untested" }));
    await userEvent.click(within(dialog).getByRole("button", { name: "Promote it" }));
    await waitFor(() => {
      expect(requests).toContain('POST /api/goldens/g-2/promote {"untested":true}');
    });
  });

  it("is left by a roll-back that names where it goes and takes a reason", async () => {
    const requests = open({ "POST /api/goldens/rollback": STATE });
    const dialog = await ask("g-1", "Roll back…");
    expect(dialog).toHaveAccessibleName("Roll back to g-0?");
    await userEvent.type(within(dialog).getByRole("textbox", { name: "Reason" }), "sign-ins fail");
    await userEvent.click(within(dialog).getByRole("button", { name: "Roll back" }));
    await waitFor(() => {
      expect(requests).toContain('POST /api/goldens/rollback {"why":"sign-ins fail"}');
    });
  });

  it("keeps the question open when the controller refuses", async () => {
    open({ "POST /api/goldens/rollback": refusal(409, PROBLEM) });
    const dialog = await ask("g-1", "Roll back…");
    await userEvent.click(within(dialog).getByRole("button", { name: "Roll back" }));
    expect(await within(dialog).findByText(PROBLEM.cause)).toBeVisible();
  });

  it("offers no roll-back where there is nothing to return to", async () => {
    open({ "GET /api/goldens/state": { ...STATE, roll_back_to: null } }, "/dashboard/goldens/g-1");
    expect(await screen.findByText(/no earlier golden/)).toBeVisible();
    expect(screen.queryByRole("button", { name: "Roll back…" })).toBeNull();
  });
});
