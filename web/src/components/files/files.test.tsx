import { MantineProvider } from "@mantine/core";
import { act, createEvent, fireEvent, render, screen, waitFor } from "@testing-library/react";
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
const ALLOWED = { upload: true, download: true, files: [] };
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

/** The browser's event for what is dragged over the desktop. */
function drag(
  name: "dragEnter" | "dragOver" | "dragLeave" | "drop",
  types: string[],
  files: File[] = [],
  folders: string[] = [],
): Event {
  const target = screen.getByTestId("stage");
  const items = files.map((file) => ({
    getAsFile: () => file,
    webkitGetAsEntry: () => ({ isDirectory: folders.includes(file.name) }),
  }));
  const event = createEvent[name](target, { dataTransfer: { types, files, items } });
  fireEvent(target, event);
  return event;
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
    expect(screen.getByText(/do not go into machines/)).toBeInTheDocument();
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

  it.each([
    [holding({ upload: false, download: true }), "x", /Files do not go into machines here/],
    [
      fakeMachine({ downloads: () => Promise.resolve({ ...ALLOWED, max_bytes: 3 }) }),
      "four",
      /4 B; 3 B is the most/,
    ],
  ])("that cannot succeed is not begun, and why is said", async (machine, content, why) => {
    render(<Bench machine={machine} />);
    drag("drop", ["Files"], [new File([content], "a.txt")]);
    expect(await screen.findByText("Not uploaded")).toBeInTheDocument();
    expect(screen.getByRole("alert")).toHaveTextContent(why);
    expect(machine.upload).not.toHaveBeenCalled();
  });

  it("of a folder is refused by name, the files beside it go", async () => {
    const machine = fakeMachine();
    render(<Bench machine={machine} />);
    drag("drop", ["Files"], [chosen, new File([], "folder")], ["folder"]);
    expect(await screen.findByRole("alert")).toHaveTextContent(/This is a folder/);
    expect(machine.upload).toHaveBeenCalledExactlyOnceWith(
      chosen,
      expect.any(Function),
      expect.any(AbortSignal),
    );
  });

  it("waits for its turn when two are under way, and can be cancelled then", async () => {
    const ends: (() => void)[] = [];
    const upload = vi.fn<MachineAccess["upload"]>(
      (file) =>
        new Promise((resolve) => {
          ends.push(() => {
            resolve({ ...FILE, name: file.name });
          });
        }),
    );
    await open(fakeMachine({ upload }));
    const names = ["1", "2", "3", "4"];
    await userEvent.upload(
      await screen.findByLabelText("Files to upload"),
      names.map((name) => new File([], name)),
    );
    expect(screen.getByRole("button", { name: "Files, 4 on their way" })).toBeInTheDocument();
    await waitFor(() => {
      expect(screen.getAllByText("Waits for its turn")).toHaveLength(2);
    });
    await userEvent.click(screen.getByRole("button", { name: "Cancel the upload of 3" }));
    act(() => {
      ends[0]?.();
    });
    await waitFor(() => {
      expect(upload.mock.calls.map(([file]) => file.name)).toEqual(["1", "2", "4"]);
    });
    expect(screen.queryByText("3")).toBeNull();
  });

  it.each([
    [
      "Escape",
      () => {
        screen.getByRole("button", { name: "Upload files" }).focus();
        return userEvent.keyboard("{Escape}");
      },
    ],
    ["its own button", () => userEvent.click(screen.getByRole("button", { name: /^Files/ }))],
  ])("goes on unseen once the list is closed by %s, and is told again when it fails", async (_how, close) => {
    let fail: (error: Error) => void = () => undefined;
    const upload: MachineAccess["upload"] = () =>
      new Promise((_resolve, reject) => {
        fail = reject;
      });
    await open(fakeMachine({ upload }));
    await userEvent.upload(await screen.findByLabelText("Files to upload"), chosen);
    await close();
    await waitFor(() => {
      expect(screen.queryByText("a.txt")).toBeNull();
    });
    expect(screen.getByRole("button", { name: "Files, 1 on their way" })).toBeInTheDocument();
    act(() => {
      fail(new ApiError(409, FULL));
    });
    expect(await screen.findByRole("alert")).toHaveTextContent("The disk is full.");
  });
});

describe("files dragged over the desktop", () => {
  it("are told where they go, and go there when dropped", async () => {
    const machine = fakeMachine();
    render(<Bench machine={machine} />);
    drag("dragEnter", ["Files"]);
    expect(await screen.findByText(/Drop to put into the machine/)).toBeInTheDocument();
    const file = new File(["x"], "dropped.txt");
    expect(drag("drop", ["Files"], [file]).defaultPrevented).toBe(true);
    await waitFor(() => {
      expect(machine.upload).toHaveBeenCalledExactlyOnceWith(
        file,
        expect.any(Function),
        expect.any(AbortSignal),
      );
    });
    expect(screen.queryByText(/Drop to put/)).toBeNull();
  });

  it("are not invited where none may go in", async () => {
    render(<Bench machine={holding({ upload: false, download: true })} />);
    drag("dragEnter", ["Files"]);
    expect(await screen.findByText(/Files do not go into machines here/)).toBeInTheDocument();
    expect(screen.queryByText(/Drop to put/)).toBeNull();
  });

  it("leave nothing behind when they are dragged away", async () => {
    render(<Bench machine={fakeMachine()} />);
    drag("dragEnter", ["Files"]);
    await screen.findByText(/Drop to put/);
    drag("dragLeave", ["Files"]);
    expect(screen.queryByText(/Drop to put/)).toBeNull();
  });

  it("are files: a text that is dragged is none", () => {
    render(<Bench machine={fakeMachine()} />);
    expect(drag("dragEnter", ["text/plain"]).defaultPrevented).toBe(false);
    expect(screen.queryByText(/Drop to put/)).toBeNull();
  });
});
