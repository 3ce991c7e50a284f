import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import type { Failure } from "../../api/types";
import { FailurePanel } from "./failure-panel";

const FAILURE: Failure = {
  code: "agent_mismatch",
  cause: "The agent reported another build.",
  remedy: "Build the golden again.",
  stage: "vm_created",
  evidence: { console: "agent: build a-old", screen: "\n" },
  retryable: false,
  golden_id: "g-0123456789abcdef",
  agent_build: null,
};

function show(
  retry: Parameters<typeof FailurePanel>[0]["retry"],
  error: unknown = null,
  picture: string | null = null,
) {
  render(
    <MantineProvider env="test">
      <FailurePanel
        title="The sign-in failed"
        tone="bad"
        failure={FAILURE}
        picture={picture}
        retry={retry}
        elsewhere={<a href="/tools">Back to the tools</a>}
        error={error}
      />
    </MantineProvider>,
  );
}

it("says cause, code, last good step, remedy and golden", () => {
  show(null);
  for (const text of [FAILURE.cause, FAILURE.code, "Machine created", FAILURE.remedy, "g-0123456789ab…"]) {
    expect(screen.getByText(text)).toBeVisible();
  }
});

it("says nothing of an agent that never told its build", () => {
  show(null);
  expect(screen.queryByText("Agent")).toBeNull();
});

it("shows no fold that is empty", () => {
  show(null);
  expect(screen.queryByRole("button", { name: "Evidence: screen" })).toBeNull();
});

it("keeps the evidence folded until it is asked for", async () => {
  show(null);
  const fold = screen.getByRole("button", { name: "Evidence: console" });
  expect(fold).toHaveAttribute("aria-expanded", "false");
  await userEvent.click(fold);
  expect(fold).toHaveAttribute("aria-expanded", "true");
  expect(screen.getAllByText("agent: build a-old")).toHaveLength(2); // its last lines, and the whole
});

it("offers one action when a retry is allowed, and none otherwise", async () => {
  const start = vi.fn();
  show({ busy: false, start });
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(start).toHaveBeenCalledOnce();
  expect(screen.queryByRole("link")).toBeNull();
});

it("offers another way on where trying again comes to the same end", () => {
  show(null);
  expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  expect(screen.getByText("Trying again comes to the same end before that.")).toBeVisible();
  expect(screen.getByRole("link", { name: "Back to the tools" })).toBeVisible();
});

it("shows the desktop's picture and the last lines without a click", () => {
  show(null, null, "/api/vms/vm-1/screenshot");
  const figure = screen.getByRole("figure");
  const picture = figure.querySelector("img");
  expect(picture).toHaveAttribute("src", "/api/vms/vm-1/screenshot");
  expect(picture).toHaveAttribute("width");
  expect(picture).toHaveAttribute("height");
  expect(picture).toHaveAttribute("alt", ""); // or its caption would be read twice
  expect(figure).toHaveTextContent(/desktop when it failed/);
  expect(screen.getByRole("region", { name: "Last lines of the console" })).toHaveTextContent(
    "agent: build a-old",
  );
});
