import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { markClick, markFirstFrame } from "../components/desktop/first-frame";
import { keepView, type View } from "../components/terminal/view-choice";
import { serve } from "../testing/api";
import { MachineViews } from "./machine-views";

const TICKET = "POST /api/vm/vm-1/view-ticket";
const FILES = "GET /api/vm/vm-1/files";

/** noVNC and xterm.js need a browser: nothing of theirs is ever there. */
vi.mock("../components/desktop/rfb-surface", () => ({ openRfb: () => new Promise(() => undefined) }));
vi.mock("../components/terminal/terminal-surface", () => ({
  openTerminal: (target: HTMLElement) => {
    target.append(document.createElement("textarea"));
    return new Promise(() => undefined);
  },
}));

let requests: string[];
const uploads: string[] = [];

/** Never answers: an upload that goes on. */
class SilentRequest {
  upload = {};
  open(_method: string, url: string): void {
    uploads.push(url);
  }
  send = vi.fn();
}

beforeEach(() => {
  uploads.length = 0;
  vi.stubGlobal("XMLHttpRequest", SilentRequest);
  requests = serve({
    [TICKET]: { ticket: "t", websocket: "/w", terminal: "/t", copies: "/c", expires_at: "" },
    [FILES]: { upload: true, download: true, max_bytes: 1024, files: [] },
  });
});

afterEach(() => {
  window.localStorage.clear();
  performance.clearMarks();
});

function show(view: View, preparing: ReactNode, chosenAt = "vm-1") {
  keepView(window.localStorage, chosenAt, view);
  const views = (now: ReactNode) => (
    <MantineProvider env="test">
      <MachineViews
        vmId="vm-1"
        needsDesktop
        askSession={vi.fn()}
        pageTitle={null}
        lastGoodStep="Started, 14:05:09"
        onFirstFrame={vi.fn()}
        preparing={now}
        tools={<button>Share</button>}
      />
    </MantineProvider>
  );
  const { rerender } = render(views(preparing));
  return () => {
    rerender(views(null));
  };
}

it("shows at the terminal how the machine is prepared, and asks for it once it has confirmed", async () => {
  const confirm = show("terminal", <p>Waking…</p>);
  expect(screen.getByText("Waking…")).toBeInTheDocument();
  expect(requests).toEqual([]);
  confirm();
  expect(await screen.findByText("Opening the terminal…")).toBeInTheDocument();
  expect(screen.queryByText("Waking…")).toBeNull();
  expect(requests).toEqual([TICKET]);
});

it("says once how the machine is prepared where both are shown", () => {
  show("both", <p>Waking…</p>);
  expect(screen.getAllByText("Waking…")).toHaveLength(1);
});

it("begins with the desktop where the terminal was chosen at another machine", () => {
  show("terminal", null, "vm-0");
  expect(screen.getByRole("radio", { name: "Desktop" })).toBeChecked();
  expect(screen.queryByRole("region", { name: "The tool's terminal" })).toBeNull();
});

it("measures no first frame for who sees the terminal first", () => {
  markClick("s-1", performance.now());
  show("terminal", null);
  expect(markFirstFrame("s-1")).toBeNull();
});

it("has its tools at the terminal alone, too, each once", async () => {
  show("terminal", null);
  const bar = screen.getByRole("group", { name: "Terminal controls" });
  expect(bar).toHaveTextContent(/Shift\+Esc gives the keyboard back/);
  for (const name of ["Files", "Share"]) expect(bar).toContainElement(screen.getByRole("button", { name }));
  await userEvent.click(screen.getByRole("radio", { name: "Both" }));
  for (const name of ["Files", "Share"]) expect(screen.getAllByRole("button", { name })).toHaveLength(1);
});

it("gives the keyboard back to the choice of the view by Shift+Esc", async () => {
  show("terminal", null);
  const terminal = screen.getByRole("region", { name: "The tool's terminal" });
  await waitFor(() => {
    expect(terminal.querySelector("textarea")).not.toBeNull();
  });
  fireEvent.keyDown(terminal.querySelector("textarea") ?? terminal, { key: "Escape", shiftKey: true });
  expect(screen.getByRole("radio", { name: "Terminal" })).toHaveFocus();
});

it("keeps an upload when another view is chosen", async () => {
  show("terminal", null);
  await userEvent.click(screen.getByRole("button", { name: "Files" }));
  await userEvent.upload(await screen.findByLabelText("Files to upload"), new File(["x"], "a.txt"));
  await waitFor(() => {
    expect(uploads).toHaveLength(1);
  });
  await userEvent.click(screen.getByRole("radio", { name: "Desktop" }));
  expect(await screen.findByRole("button", { name: "Files, 1 on their way" })).toBeInTheDocument();
});
