import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { fakeClipboard } from "../../testing/machine";
import { CopiedButton } from "./copied-button";
import { PasteButton } from "./paste-button";
import type { Clipboard } from "./use-clipboard";

function show(clipboard: Clipboard): void {
  render(
    <MantineProvider env="test">
      <PasteButton clipboard={clipboard} disabled={false} />
      <CopiedButton clipboard={clipboard} />
    </MantineProvider>,
  );
}

const button = (name: string): HTMLElement => screen.getByRole("button", { name });

describe("the button that pastes", () => {
  it("hands over what the browser hands over", async () => {
    const user = userEvent.setup();
    await navigator.clipboard.writeText("from this device");
    const clipboard = fakeClipboard();
    show(clipboard);
    await user.click(button("Paste"));
    expect(clipboard.paste).toHaveBeenCalledExactlyOnceWith("from this device");
  });

  it("asks for the text where the browser keeps it", async () => {
    const user = userEvent.setup();
    vi.spyOn(navigator.clipboard, "readText").mockRejectedValue(new Error("denied"));
    const clipboard = fakeClipboard();
    show(clipboard);
    await user.click(button("Paste"));
    await user.type(await screen.findByLabelText("Paste here"), "typed مرحبا");
    await user.click(button("Paste into the machine"));
    expect(clipboard.paste).toHaveBeenCalledExactlyOnceWith("typed مرحبا");
  });

  it("says why a paste did not come about", () => {
    show(fakeClipboard({ problem: { code: "too_large", cause: "It is too long.", remedy: "Copy less." } }));
    expect(screen.getByText("It is too long. Copy less.")).toBeInTheDocument();
  });
});

describe("what was copied in the machine", () => {
  it("is not there before there is something", () => {
    show(fakeClipboard());
    expect(screen.queryByRole("button", { name: "Copied in the machine" })).toBeNull();
  });

  it("is offered when the browser did not take it", async () => {
    const clipboard = fakeClipboard({ copied: { number: 1, text: "secret 👩🏽‍🚀", taken: false } });
    show(clipboard);
    expect(screen.getByText("secret 👩🏽‍🚀")).toBeInTheDocument();
    await userEvent.click(button("Copy"));
    expect(clipboard.take).toHaveBeenCalledOnce();
  });

  it("does not get in the way when the browser took it", () => {
    show(fakeClipboard({ copied: { number: 1, text: "secret", taken: true } }));
    expect(screen.queryByText("secret")).toBeNull();
    expect(button("Copied in the machine")).toBeInTheDocument();
  });

  it("is closed until the next one", async () => {
    show(fakeClipboard({ copied: { number: 1, text: "secret", taken: false } }));
    await userEvent.click(button("Copied in the machine"));
    expect(screen.queryByText("secret")).toBeNull();
  });

  it("says when it was too long", () => {
    show(fakeClipboard({ copied: { number: 1, text: null, taken: false } }));
    expect(screen.getByText(/longer than 1 MiB/)).toBeInTheDocument();
  });
});
