import { MantineProvider } from "@mantine/core";
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useRef, useState } from "react";
import { describe, expect, it, vi } from "vitest";

import { fakeClipboard, fakeFiles } from "../../testing/machine";
import { fakeSurface } from "../../testing/surface";
import type { Surface } from "./desktop-link";
import { KEYS, MODIFIER_KEYS } from "./keysyms";
import { KeysRow } from "./keys-row";
import { PADDING } from "./text-entry";
import { Toolbar } from "./toolbar";
import type { FullScreen } from "./use-full-screen";
import { useOnScreenKeys } from "./use-on-screen-keys";
import type { ViewSettings } from "./view-settings";

const WINDOWED: FullScreen = { possible: true, on: false, allKeys: false, toggle: vi.fn() };

interface Special {
  surface?: Surface | undefined;
  captured?: boolean;
  fullScreen?: FullScreen;
  choose?: (settings: ViewSettings) => void;
}

function Bench({ surface, captured = false, fullScreen = WINDOWED, choose = vi.fn() }: Special) {
  const target = useRef<HTMLDivElement>(null);
  const keys = useOnScreenKeys(surface, target);
  const [keysShown, showKeys] = useState(false);
  return (
    <>
      <Toolbar
        {...{ surface, captured, keys, keysShown, showKeys, choose, fullScreen }}
        pageTitle="Sign in"
        tools={null}
        clipboard={fakeClipboard()}
        files={fakeFiles()}
        settings={{ quality: "balanced", size: "fit" }}
      />
      {keysShown && <KeysRow keys={keys} disabled={surface === undefined} />}
      <div ref={target}>
        <canvas data-testid="desktop" />
      </div>
    </>
  );
}

function show(special: Special): void {
  render(
    <MantineProvider env="test">
      <Bench {...special} />
    </MantineProvider>,
  );
}

const button = (name: string): HTMLElement => screen.getByRole("button", { name });

describe("the keyboard's button", () => {
  it("gives the keys to the machine, and says where they go", async () => {
    const surface = fakeSurface();
    show({ surface });
    expect(screen.getByText("Keys stay on this page")).toBeInTheDocument();
    expect(button("Type into the machine")).toHaveAttribute("aria-pressed", "false");
    await userEvent.click(button("Type into the machine"));
    expect(surface.focus).toHaveBeenCalledOnce();
  });

  it("takes them back", async () => {
    const surface = fakeSurface();
    show({ surface, captured: true });
    expect(screen.getByText("Keys go to the machine")).toBeInTheDocument();
    await userEvent.click(button("Type into the machine"));
    expect(surface.release).toHaveBeenCalledOnce();
  });

  it("says when the browser's own keys go there, too", () => {
    show({ surface: fakeSurface(), captured: true, fullScreen: { ...WINDOWED, on: true, allKeys: true } });
    expect(screen.getByText("Keys go to the machine, all of them")).toBeInTheDocument();
  });

  it("does not take the keyboard away by being clicked", () => {
    show({ surface: fakeSurface(), captured: true });
    expect(fireEvent.mouseDown(button("Type into the machine"))).toBe(false);
  });
});

describe("the on-screen keys", () => {
  async function open(): Promise<Surface> {
    const surface = fakeSurface();
    show({ surface });
    await userEvent.click(button("On-screen keys"));
    return surface;
  }

  it.each([
    ["Esc", KEYS.escape],
    ["Tab", KEYS.tab],
    ["Enter", KEYS.enter],
    ["Left", KEYS.left],
    ["Up", KEYS.up],
    ["Down", KEYS.down],
    ["Right", KEYS.right],
  ])("press %s", async (name, key) => {
    const surface = await open();
    await userEvent.click(button(name));
    expect(surface.press).toHaveBeenCalledExactlyOnceWith(key, []);
  });

  it("press Ctrl+Alt+Del in one", async () => {
    const surface = await open();
    await userEvent.click(button("Ctrl+Alt+Del"));
    const held = [MODIFIER_KEYS.control, MODIFIER_KEYS.alt];
    expect(surface.press).toHaveBeenCalledExactlyOnceWith(KEYS.delete, held);
  });

  it("hold a modifier for one key, or until it is pressed again", async () => {
    const surface = await open();
    await userEvent.click(button("Shift"));
    expect(button("Shift")).toHaveAttribute("aria-pressed", "true");
    await userEvent.click(button("Tab"));
    expect(surface.press).toHaveBeenLastCalledWith(KEYS.tab, [MODIFIER_KEYS.shift]);
    expect(button("Shift")).toHaveAttribute("aria-pressed", "false");
    await userEvent.dblClick(button("Alt"));
    await userEvent.click(button("Tab"));
    await userEvent.click(button("Tab"));
    expect(surface.press).toHaveBeenLastCalledWith(KEYS.tab, [MODIFIER_KEYS.alt]);
    await userEvent.click(button("Alt"));
    await userEvent.click(button("Tab"));
    expect(surface.press).toHaveBeenLastCalledWith(KEYS.tab, []);
  });

  describe("with a real keyboard", () => {
    const CONTROL = [MODIFIER_KEYS.control];
    const desktop = (): HTMLElement => screen.getByTestId("desktop");

    it("hold a modifier while its next key is down", async () => {
      const surface = await open();
      await userEvent.click(button("Ctrl"));
      const order: string[] = [];
      vi.mocked(surface.hold).mockImplementation(() => order.push("hold"));
      desktop().addEventListener("keydown", () => order.push("noVNC"));
      fireEvent.keyDown(desktop(), { key: "Shift", code: "ShiftLeft" });
      expect(surface.hold).not.toHaveBeenCalled();
      fireEvent.keyDown(desktop(), { key: "a", code: "KeyA" });
      expect(order).toEqual(["noVNC", "hold", "noVNC"]);
      expect(surface.hold).toHaveBeenCalledExactlyOnceWith(CONTROL);
      expect(button("Ctrl")).toHaveAttribute("aria-pressed", "false");
      expect(surface.letGo).not.toHaveBeenCalled();
      fireEvent.keyUp(desktop(), { key: "a", code: "KeyA" });
      expect(surface.letGo).toHaveBeenCalledExactlyOnceWith(CONTROL);
    });

    it("let go before another key goes down, and when the keyboard goes elsewhere", async () => {
      const surface = await open();
      await userEvent.click(button("Ctrl"));
      fireEvent.keyDown(desktop(), { key: "a", code: "KeyA" });
      fireEvent.keyDown(desktop(), { key: "b", code: "KeyB" });
      expect(surface.letGo).toHaveBeenCalledExactlyOnceWith(CONTROL);
      await userEvent.click(button("Ctrl"));
      fireEvent.keyDown(desktop(), { key: "c", code: "KeyC" });
      fireEvent.focusOut(desktop());
      expect(surface.letGo).toHaveBeenCalledTimes(2);
    });

    it("keep what is locked for every key", async () => {
      const surface = await open();
      await userEvent.dblClick(button("Ctrl"));
      for (const key of ["a", "b"]) {
        fireEvent.keyDown(desktop(), { key, code: `Key${key.toUpperCase()}` });
        fireEvent.keyUp(desktop(), { key, code: `Key${key.toUpperCase()}` });
      }
      expect(vi.mocked(surface.hold).mock.calls).toEqual([[CONTROL], [CONTROL]]);
      expect(button("Ctrl")).toHaveAttribute("aria-pressed", "true");
    });
  });

  it("leave a phone's keyboard where it is", async () => {
    await open();
    expect(fireEvent.mouseDown(button("Esc"))).toBe(false);
  });
});

describe("this device's keyboard", () => {
  const field = (): HTMLTextAreaElement =>
    screen.getByRole("textbox", { name: "Type with this device’s keyboard" });

  /** What a keyboard makes of the field's text. */
  function write(text: string, composing: string | null = null): void {
    field().value = PADDING + text;
    const how = composing === null ? {} : { isComposing: true, data: composing };
    fireEvent(field(), new InputEvent("input", { bubbles: true, ...how }));
  }

  function focused(): Surface {
    const surface = fakeSurface();
    show({ surface });
    act(() => {
      field().focus();
    });
    return surface;
  }

  it("types letter by letter, and takes back what a correction takes back", () => {
    const surface = focused();
    write("t", "t");
    write("te", "te");
    write("the ");
    expect(vi.mocked(surface.type).mock.calls.flat().join("|")).toBe("t|e|he ");
    expect(surface.press).toHaveBeenCalledExactlyOnceWith(KEYS.backspace, []);
  });

  it("types what an input method chose in the end, in any script", () => {
    const surface = focused();
    write("にほ", "にほ");
    write("にほん", "にほん");
    expect(surface.type).not.toHaveBeenCalled();
    field().value = PADDING + "日本";
    fireEvent.compositionEnd(field());
    expect(surface.type).toHaveBeenCalledExactlyOnceWith("日本");
  });

  it("writes at the end, wherever a touch puts the cursor", () => {
    focused();
    field().setSelectionRange(3, 3);
    fireEvent.mouseUp(field());
    expect([field().selectionStart, field().selectionEnd]).toEqual([PADDING.length, PADDING.length]);
  });

  it("knows a Backspace, though the person wrote nothing before", () => {
    const surface = focused();
    field().value = PADDING.slice(1);
    fireEvent.input(field());
    expect(surface.press).toHaveBeenCalledExactlyOnceWith(KEYS.backspace, []);
  });

  it("goes together with a modifier that is held", async () => {
    const surface = focused();
    await userEvent.click(button("On-screen keys"));
    await userEvent.click(button("Ctrl"));
    write("c");
    expect(surface.press).toHaveBeenCalledExactlyOnceWith({ keysym: 0x63, code: null }, [
      MODIFIER_KEYS.control,
    ]);
    expect(surface.type).not.toHaveBeenCalledWith("c");
  });
});

describe("size and quality", () => {
  it("are chosen each by itself", async () => {
    const choose = vi.fn();
    show({ surface: fakeSurface(), choose });
    await userEvent.click(button("Size and quality"));
    await userEvent.click(screen.getByRole("radio", { name: "Light, for slow networks" }));
    expect(choose).toHaveBeenLastCalledWith({ quality: "light", size: "fit" });
    await userEvent.click(screen.getByRole("radio", { name: "Actual size, drag to move" }));
    expect(choose).toHaveBeenLastCalledWith({ quality: "balanced", size: "actual" });
  });
});

describe("full screen", () => {
  it("is entered and left by one button", async () => {
    const toggle = vi.fn();
    show({ surface: fakeSurface(), fullScreen: { ...WINDOWED, toggle } });
    await userEvent.click(button("Full screen"));
    expect(toggle).toHaveBeenCalledOnce();
  });

  it("says how to leave it, and is not offered where there is none", () => {
    show({ surface: fakeSurface(), fullScreen: { ...WINDOWED, on: true } });
    expect(button("Leave full screen")).toBeInTheDocument();
  });

  it("is not offered where there is none", () => {
    show({ surface: fakeSurface(), fullScreen: { ...WINDOWED, possible: false } });
    expect(screen.queryByRole("button", { name: "Full screen" })).toBeNull();
  });
});

describe("the read-out", () => {
  it("tells round trip and rate once a second", () => {
    vi.useFakeTimers();
    try {
      let received = 0;
      show({
        surface: fakeSurface({ traffic: () => ({ received, roundTripMs: received === 0 ? null : 24.4 }) }),
      });
      const readout = screen.getByRole("group", { name: "Connection" });
      expect(within(readout).getByText("– ms")).toBeInTheDocument();
      received = 340_000;
      act(() => {
        vi.advanceTimersByTime(1_000);
      });
      expect(within(readout).getByText("24 ms")).toBeInTheDocument();
      expect(within(readout).getByText("340 kB/s")).toBeInTheDocument();
    } finally {
      vi.useRealTimers();
    }
  });

  it("is gone with the desktop, and nothing can be typed then", () => {
    show({ surface: undefined });
    expect(screen.queryByRole("group", { name: "Connection" })).toBeNull();
    expect(button("Type into the machine")).toBeDisabled();
    expect(button("Type a text")).toBeDisabled();
    expect(screen.getByRole("textbox")).toHaveAttribute("readonly");
  });
});
