import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import type { Failure } from "../../api/types";
import { FailurePanel } from "./failure-panel";

const FAILURE: Failure = {
  code: "agent_build_mismatch",
  cause: "The agent reported another build.",
  remedy: "Build the golden again.",
  stage: "vm_created",
  evidence: { console: "agent: build a-old" },
};

function show(retry: Parameters<typeof FailurePanel>[0]["retry"], error: unknown = null) {
  render(
    <MantineProvider env="test">
      <FailurePanel title="The sign-in failed" tone="bad" failure={FAILURE} retry={retry} error={error} />
    </MantineProvider>,
  );
}

it("says cause, code, last good step and remedy", () => {
  show(null);
  for (const text of [FAILURE.cause, FAILURE.code, "Machine created", FAILURE.remedy]) {
    expect(screen.getByText(text)).toBeVisible();
  }
});

it("keeps the evidence folded until it is asked for", async () => {
  show(null);
  const fold = screen.getByRole("button", { name: "Evidence: console" });
  expect(fold).toHaveAttribute("aria-expanded", "false");
  await userEvent.click(fold);
  expect(fold).toHaveAttribute("aria-expanded", "true");
  expect(screen.getByText("agent: build a-old")).toBeInTheDocument();
});

it("offers one action when a retry is allowed, and none otherwise", async () => {
  const start = vi.fn();
  show({ busy: false, start });
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(start).toHaveBeenCalledOnce();
});

it("offers no retry that the controller would refuse", () => {
  show(null);
  expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
});
