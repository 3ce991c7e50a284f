import { act, createEvent, fireEvent, render, screen } from "@testing-library/react";
import { useRef } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { MachineAccess } from "../../api/machine-access";
import { ApiError } from "../../api/problem";
import { fakeMachine } from "../../testing/machine";
import { fakeSurface } from "../../testing/surface";
import type { Surface } from "../desktop/desktop-link";
import { KEYS, MODIFIER_KEYS } from "../desktop/keysyms";
import { useClipboard } from "./use-clipboard";

const SCRIPTS = "one\ntwo 👩🏽‍🚀 مرحبا 漢字";
const REFUSED = { code: "clipboard_unavailable", cause: "No desktop.", remedy: "Wait." };

function Bench({ machine, surface }: { machine: MachineAccess; surface: Surface }) {
  const target = useRef<HTMLDivElement>(null);
  const clipboard = useClipboard({ machine, surface, target });
  return (
    <>
      <div ref={target}>
        <canvas data-testid="canvas" tabIndex={0} />
      </div>
      <input aria-label="elsewhere" />
      <output>{clipboard.problem?.code}</output>
    </>
  );
}

function show(machine: MachineAccess): Surface {
  const surface = fakeSurface();
  render(<Bench machine={machine} surface={surface} />);
  return surface;
}

/** The browser's paste of a text, where the focus is. */
async function paste(text: string): Promise<Event> {
  const target = document.activeElement ?? document.body;
  const event = createEvent.paste(target, { clipboardData: { getData: () => text } });
  await act(async () => {
    fireEvent(target, event);
    await Promise.resolve();
  });
  return event;
}

describe("pasting on the desktop", () => {
  const heard = vi.fn();

  beforeEach(() => {
    heard.mockReset();
  });

  it("puts the text on the machine's clipboard, then presses what pastes there", async () => {
    const machine = fakeMachine();
    const surface = show(machine);
    screen.getByTestId("canvas").focus();
    expect((await paste(SCRIPTS)).defaultPrevented).toBe(true);
    expect(machine.setClipboard).toHaveBeenCalledExactlyOnceWith(SCRIPTS);
    expect(surface.letGo).toHaveBeenCalledOnce();
    expect(surface.press).toHaveBeenCalledExactlyOnceWith(KEYS.insert, [MODIFIER_KEYS.shift]);
  });

  it("presses nothing when the machine did not take it, and says why", async () => {
    const machine = fakeMachine({ setClipboard: () => Promise.reject(new ApiError(502, REFUSED)) });
    const surface = show(machine);
    screen.getByTestId("canvas").focus();
    await paste("x");
    expect(surface.press).not.toHaveBeenCalled();
    expect(screen.getByText("clipboard_unavailable")).toBeInTheDocument();
  });

  it("has the machine paste what it has itself when there is no text", async () => {
    const machine = fakeMachine();
    const surface = show(machine);
    screen.getByTestId("canvas").focus();
    await paste("");
    expect(machine.setClipboard).not.toHaveBeenCalled();
    expect(surface.press).toHaveBeenCalledExactlyOnceWith(KEYS.insert, [MODIFIER_KEYS.shift]);
  });

  it.each([
    ["holds Ctrl again that is still down", false, ["ControlLeft"]],
    ["leaves Ctrl alone that came up", true, []],
  ])("%s", async (_, up, again) => {
    show(fakeMachine());
    const canvas = screen.getByTestId("canvas");
    canvas.focus();
    fireEvent.keyDown(canvas, { key: "Control", code: "ControlLeft", ctrlKey: true });
    if (up) fireEvent.keyUp(canvas, { key: "Control", code: "ControlLeft" });
    const codes: string[] = [];
    canvas.addEventListener("keydown", ({ code }) => codes.push(code));
    await paste("x");
    expect(codes).toEqual(again);
  });

  it("leaves a paste elsewhere on the page alone", async () => {
    const machine = fakeMachine();
    show(machine);
    screen.getByLabelText("elsewhere").focus();
    expect((await paste("x")).defaultPrevented).toBe(false);
    expect(machine.setClipboard).not.toHaveBeenCalled();
  });

  it.each([
    [{ key: "v", ctrlKey: true }, 0],
    [{ key: "V", metaKey: true }, 0],
    [{ key: "v", ctrlKey: true, shiftKey: true }, 1],
    [{ key: "v" }, 1],
    [{ key: "c", ctrlKey: true }, 1],
  ])("keeps from noVNC what the browser must see: %o", (keys, times) => {
    show(fakeMachine());
    const canvas = screen.getByTestId("canvas");
    canvas.addEventListener("keydown", heard);
    fireEvent.keyDown(canvas, keys);
    expect(heard).toHaveBeenCalledTimes(times);
  });
});
