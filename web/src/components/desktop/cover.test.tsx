import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";

import type { Connection } from "./connection";
import { Cover } from "./cover";

const problem = (code: string) => ({ code, cause: "A cause.", remedy: "A remedy." });
const at = { attempt: 1, failures: 1 };

function show(state: Connection, preparing = true): void {
  render(
    <MantineProvider env="test">
      <Cover
        state={state}
        preparing={preparing ? <p>Waking…</p> : null}
        opening="desktop.opening"
        lastGoodStep="Started, 14:05:09"
        retryNow={vi.fn()}
      />
    </MantineProvider>,
  );
}

it.each<[string, Connection]>([
  ["it opens", { kind: "asking", ...at, problem: null }],
  ["it is too early", { kind: "lost", ...at, problem: problem("machine_unconfirmed"), retryAt: 0 }],
  ["it was too early", { kind: "opening", ...at, problem: problem("machine_unconfirmed") }],
])("shows how the machine is prepared while %s", (_when, state) => {
  show(state);
  expect(screen.getByText("Waking…")).toBeInTheDocument();
  expect(screen.queryByRole("alert")).toBeNull();
});

it.each(["offline", "view_ticket_invalid", "foreign_origin"])("tells of %s meanwhile", (code) => {
  show({ kind: "lost", ...at, problem: problem(code), retryAt: 0 });
  expect(screen.getByRole("alert")).toHaveTextContent(code);
  expect(screen.queryByText("Waking…")).toBeNull();
});

it("says that a view is over, and offers no other try", () => {
  show({ kind: "over", ...at, problem: problem("view_link_expired") });
  expect(screen.getByRole("alert")).toHaveTextContent("The view is over");
  expect(screen.queryByRole("button")).toBeNull();
});

it("says that it opens once the machine has confirmed itself", () => {
  show({ kind: "asking", ...at, problem: null }, false);
  expect(screen.getByRole("status")).toHaveTextContent("Opening the desktop…");
});
