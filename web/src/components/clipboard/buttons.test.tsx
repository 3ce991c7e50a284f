import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { own } from "../../api/problem";
import { fakeClipboard } from "../../testing/machine";
import { CopiedButton } from "./copied-button";
import { PasteButton } from "./paste-button";
import type { Clipboard } from "./use-clipboard";

function Buttons({ clipboard }: { clipboard: Clipboard }) {
  return (
    <MantineProvider env="test">
      <PasteButton clipboard={clipboard} disabled={false} />
      <CopiedButton clipboard={clipboard} />
    </MantineProvider>
  );
}

const show = (clipboard: Clipboard) => render(<Buttons clipboard={clipboard} />);

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

  it("gives the keys back to the desktop when the field goes", async () => {
    const user = userEvent.setup();
    vi.spyOn(navigator.clipboard, "readText").mockRejectedValue(new Error("denied"));
    const clipboard = fakeClipboard();
    show(clipboard);
    await user.click(button("Paste"));
    await user.type(await screen.findByLabelText("Paste here"), "x");
    await user.click(button("Paste into the machine"));
    expect(clipboard.focus).toHaveBeenCalledOnce();
  });

  it("keeps no text that was not sent", async () => {
    const user = userEvent.setup();
    vi.spyOn(navigator.clipboard, "readText").mockRejectedValue(new Error("denied"));
    show(fakeClipboard());
    await user.click(button("Paste"));
    await user.type(await screen.findByLabelText("Paste here"), "secret");
    await user.click(button("Paste"));
    await user.click(button("Paste"));
    expect(await screen.findByLabelText("Paste here")).toHaveValue("");
  });

  it("says why a paste did not come about, in the language of the words", () => {
    show(fakeClipboard({ problem: own("offline", "You are offline.", "Go online.") }));
    const words = screen.getByText("You are offline. Go online.");
    expect(words).not.toHaveAttribute("lang");
    expect(screen.getByRole("alert")).toContainElement(words);
  });

  it("says why the controller refused a paste", () => {
    show(fakeClipboard({ problem: { code: "too_large", cause: "It is too long.", remedy: "Copy less." } }));
    expect(screen.getByText("It is too long. Copy less.")).toHaveAttribute("lang", "en");
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

  it("is told where something listened before", () => {
    const { rerender } = show(fakeClipboard());
    const region = screen.getByRole("status");
    expect(region).toBeEmptyDOMElement();
    rerender(<Buttons clipboard={fakeClipboard({ copied: { number: 1, text: "secret", taken: false } })} />);
    expect(screen.getByRole("status")).toBe(region);
    expect(region).toHaveTextContent("Copied in the machine");
  });

  it("stays open under the button that copies it", async () => {
    const copied = { number: 1, text: "secret", taken: false };
    const { rerender } = show(fakeClipboard({ copied }));
    await userEvent.click(button("Copy"));
    rerender(<Buttons clipboard={fakeClipboard({ copied: { ...copied, taken: true } })} />);
    expect(button("On your clipboard")).toHaveFocus();
  });

  it("says when not even a click copies it", async () => {
    const copied = { number: 1, text: "secret", taken: false };
    show(fakeClipboard({ copied, take: () => Promise.resolve(false) }));
    await userEvent.click(button("Copy"));
    expect(await screen.findByRole("alert")).toHaveTextContent("does not let the page copy");
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
