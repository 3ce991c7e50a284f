import { MantineProvider } from "@mantine/core";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { fakeFiles, fakeMachine } from "../../testing/machine";
import type { SurfaceListeners } from "../desktop/desktop-link";
import { TerminalPane } from "./terminal";
import type { TerminalSurface } from "./terminal-surface";

const TICKET = { ticket: "t", websocket: "/w", terminal: "/t", copies: "/c", expires_at: "" };

const surface = {
  focus: vi.fn(),
  press: vi.fn(),
  paste: vi.fn(),
  traffic: () => ({ received: 0, roundTripMs: null }),
  close: vi.fn(),
} satisfies TerminalSurface;

/** xterm.js needs a browser. */
vi.mock("./terminal-surface", () => ({
  openTerminal: (_target: HTMLElement, _ticket: unknown, { onOpened }: SurfaceListeners) => {
    queueMicrotask(() => {
      queueMicrotask(onOpened);
    });
    return Promise.resolve(surface);
  },
}));

function show(alone: boolean): void {
  render(
    <MantineProvider env="test">
      <TerminalPane
        machine={fakeMachine({ askTicket: () => Promise.resolve(TICKET) })}
        files={fakeFiles()}
        askSession={vi.fn()}
        lastGoodStep=""
        confirmed
        preparing={null}
        alone={alone}
        leave={vi.fn()}
        tools={null}
      />
    </MantineProvider>,
  );
}

const button = (name: string): HTMLElement => screen.getByRole("button", { name });

it("has the keys that phones lack", async () => {
  show(true);
  await userEvent.click(button("On-screen keys"));
  await waitFor(() => {
    expect(button("Esc")).toBeEnabled();
  });
  for (const name of ["Esc", "Tab", "Ctrl+C", "Left", "Up", "Down", "Right"])
    await userEvent.click(button(name));
  const pressed = ["escape", "tab", "interrupt", "left", "up", "down", "right"];
  expect(surface.press.mock.calls.flat()).toEqual(pressed);
});

it("pastes what the browser hands over", async () => {
  const user = userEvent.setup();
  await navigator.clipboard.writeText("a code");
  show(true);
  await waitFor(() => {
    expect(button("Paste")).toBeEnabled();
  });
  await user.click(button("Paste"));
  await waitFor(() => {
    expect(surface.paste).toHaveBeenCalledExactlyOnceWith("a code");
  });
});

it("leaves both to the desktop beside it", () => {
  show(false);
  for (const name of ["On-screen keys", "Paste"]) expect(screen.queryByRole("button", { name })).toBeNull();
});
