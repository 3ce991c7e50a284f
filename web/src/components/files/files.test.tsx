import { MantineProvider } from "@mantine/core";
import { act, createEvent, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { MachineAccess } from "../../api/machine-access";
import { ApiError } from "../../api/problem";
import type { DownloadsFile } from "../../api/types";
import { fakeMachine } from "../../testing/machine";
import { DropZone } from "./drop-zone";
import { FilesButton } from "./files-button";
import { useFiles } from "./use-files";

const NAMED = "مرحبا <b>👩🏽‍🚀</b>.pdf";
const FILE: DownloadsFile = { file: "YQ", name: NAMED, size: 1536, modified_at: "2026-11-03T14:05:30Z" };
const FULL = { code: "guest_disk_full", cause: "The disk is full.", remedy: "Delete something." };

function Bench({ machine }: { machine: MachineAccess }) {
  const files = useFiles(machine);
  return (
    <MantineProvider env="test">
      <FilesButton files={files} />
      <div data-testid="stage">
        <DropZone files={files} />
      </div>
    </MantineProvider>
  );
}

async function open(machine: MachineAccess): Promise<void> {
  render(<Bench machine={machine} />);
  await userEvent.click(screen.getByRole("button", { name: "Files" }));
}

const holding = (policy: { upload: boolean; download: boolean }) =>
  fakeMachine({ downloads: () => Promise.resolve({ ...policy, max_bytes: 64 * 2 ** 20, files: [FILE] }) });

describe("the machine's Downloads", () => {
  it("are listed, each to be saved under its name", async () => {
    await open(holding({ upload: true, download: true }));
    const link = await screen.findByRole("link", { name: `Save ${NAMED}` });
    expect(link).toHaveAttribute("href", "/files/YQ");
    expect(link).toHaveAttribute("download", NAMED);
    expect(screen.getByText("1.5 KiB")).toBeInTheDocument();
    expect(screen.getByText(/64 MiB each at most/)).toBeInTheDocument();
  });

  it("offer what is allowed alone", async () => {
    await open(holding({ upload: false, download: false }));
    expect(await screen.findByText(/do not come out of machines/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Upload files" })).toBeNull();
    expect(screen.queryByRole("link")).toBeNull();
  });

  it("say why they cannot be listed", async () => {
    await open(fakeMachine({ downloads: () => Promise.reject(new ApiError(502, FULL)) }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The disk is full. Delete something.");
  });
});

describe("an upload", () => {
  const chosen = new File(["content"], "a.txt");

  it("shows how far it is, then under which name it is there", async () => {
    let finish: (file: DownloadsFile) => void = () => undefined;
    let progress: (share: number) => void = () => undefined;
    const upload: MachineAccess["upload"] = (_file, onProgress) => {
      progress = onProgress;
      return new Promise((resolve) => {
        finish = resolve;
      });
    };
    await open(fakeMachine({ upload }));
    await userEvent.upload(await screen.findByLabelText("Files to upload"), chosen);
    act(() => {
      progress(0.5);
    });
    expect(screen.getByText("50 %")).toBeInTheDocument();
    expect(screen.getByRole("status")).toBeEmptyDOMElement(); // its end alone is read out
    act(() => {
      finish({ ...FILE, name: "a (1).txt" });
    });
    expect(await screen.findByText("Uploaded")).toBeInTheDocument();
    expect(screen.getByText("a (1).txt")).toBeInTheDocument();
  });

  it("says why it failed", async () => {
    await open(fakeMachine({ upload: () => Promise.reject(new ApiError(409, FULL)) }));
    await userEvent.upload(await screen.findByLabelText("Files to upload"), chosen);
    expect(await screen.findByText("Not uploaded")).toBeInTheDocument();
    expect(screen.getByRole("alert")).toHaveTextContent("The disk is full.");
  });

  it("can be cancelled, and is gone then", async () => {
    const upload: MachineAccess["upload"] = (_file, _onProgress, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(new Error("cancelled"));
        });
      });
    await open(fakeMachine({ upload }));
    await userEvent.upload(await screen.findByLabelText("Files to upload"), chosen);
    await userEvent.click(screen.getByRole("button", { name: "Cancel the upload of a.txt" }));
    expect(screen.queryByText("a.txt")).toBeNull();
  });
});

describe("files dragged over the desktop", () => {
  const drag = (
    name: "dragEnter" | "dragOver" | "dragLeave" | "drop",
    types: string[],
    files: File[] = [],
  ) => {
    const stage = screen.getByTestId("stage");
    const event = createEvent[name](stage, { dataTransfer: { types, files } });
    fireEvent(stage, event);
    return event;
  };

  it("are told where they go, and go there when dropped", () => {
    const upload = vi.fn(() => new Promise<never>(() => undefined));
    render(<Bench machine={fakeMachine({ upload })} />);
    drag("dragEnter", ["Files"]);
    expect(screen.getByText(/Drop to put into the machine/)).toBeInTheDocument();
    const file = new File(["x"], "dropped.txt");
    expect(drag("drop", ["Files"], [file]).defaultPrevented).toBe(true);
    expect(upload).toHaveBeenCalledExactlyOnceWith(file, expect.any(Function), expect.any(AbortSignal));
    expect(screen.queryByText(/Drop to put/)).toBeNull();
  });

  it("leave nothing behind when they are dragged away", () => {
    render(<Bench machine={fakeMachine()} />);
    drag("dragEnter", ["Files"]);
    drag("dragLeave", ["Files"]);
    expect(screen.queryByText(/Drop to put/)).toBeNull();
  });

  it("are files: a text that is dragged is none", () => {
    render(<Bench machine={fakeMachine()} />);
    expect(drag("dragEnter", ["text/plain"]).defaultPrevented).toBe(false);
    expect(screen.queryByText(/Drop to put/)).toBeNull();
  });
});
