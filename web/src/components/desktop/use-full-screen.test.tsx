import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useRef } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { useFullScreen } from "./use-full-screen";

const request = vi.fn(() => Promise.resolve());
const exit = vi.fn(() => Promise.resolve());
const keyboard = { lock: vi.fn(() => Promise.resolve()), unlock: vi.fn() };

/** What the browser shows in full screen now. */
let full: Element | null = null;

async function become(element: Element | null): Promise<void> {
  full = element;
  await act(async () => {
    document.dispatchEvent(new Event("fullscreenchange"));
    await Promise.resolve();
  });
}

function Bench() {
  const element = useRef<HTMLElement>(null);
  const { on, allKeys, toggle } = useFullScreen(element);
  return (
    <section ref={element} aria-label="Desktop">
      <button onClick={toggle}>{`on: ${on}, all keys: ${allKeys}`}</button>
    </section>
  );
}

const section = (): HTMLElement => screen.getByRole("region", { name: "Desktop" });
const words = (): string | null => screen.getByRole("button").textContent;

beforeEach(() => {
  full = null;
  keyboard.lock.mockClear();
  keyboard.unlock.mockClear();
  vi.stubGlobal("navigator", Object.assign(Object.create(navigator) as Navigator, { keyboard }));
  Object.defineProperty(document, "fullscreenElement", { configurable: true, get: () => full });
  Object.assign(Element.prototype, { requestFullscreen: request });
  Object.assign(document, { exitFullscreen: exit });
});

afterEach(() => {
  Reflect.deleteProperty(document, "fullscreenElement");
  Reflect.deleteProperty(Element.prototype, "requestFullscreen");
  Reflect.deleteProperty(document, "exitFullscreen");
});

it("enters and leaves full screen, and has all keys meanwhile", async () => {
  render(<Bench />);
  await userEvent.click(screen.getByRole("button"));
  expect(request).toHaveBeenCalledOnce();
  await become(section());
  expect(keyboard.lock).toHaveBeenCalledOnce();
  expect(words()).toBe("on: true, all keys: true");
  await userEvent.click(screen.getByRole("button"));
  expect(exit).toHaveBeenCalledOnce();
  await become(null);
  expect(keyboard.unlock).toHaveBeenCalled();
  expect(words()).toBe("on: false, all keys: false");
});

it("is full screen without all keys where the browser keeps some", async () => {
  keyboard.lock.mockImplementationOnce(() => Promise.reject(new DOMException("refused")));
  render(<Bench />);
  await become(section());
  expect(words()).toBe("on: true, all keys: false");
});

it("takes no notice of another part of the page in full screen", async () => {
  render(<Bench />);
  await become(document.body);
  expect(keyboard.lock).not.toHaveBeenCalled();
  expect(keyboard.unlock).not.toHaveBeenCalled();
  expect(words()).toBe("on: false, all keys: false");
});
