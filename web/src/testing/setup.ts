/** What jsdom lacks and the pages use. */

import "@testing-library/jest-dom/vitest";

import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

import { FakeEventSource } from "./fake-event-source";

/** Never opens: no test reaches out of its process. */
class SilentWebSocket {
  addEventListener(): void {
    /* nothing ever happens */
  }
}

// jsdom lays nothing out: everything is in view.
if ("Element" in globalThis) Element.prototype.scrollIntoView = () => undefined;

configure({ asyncUtilTimeout: 10_000 });

class NoResizeObserver {
  observe(): void {
    /* jsdom lays nothing out */
  }
  unobserve(): void {
    /* jsdom lays nothing out */
  }
  disconnect(): void {
    /* jsdom lays nothing out */
  }
}

beforeEach(() => {
  FakeEventSource.all = [];
  vi.stubGlobal("EventSource", FakeEventSource);
  vi.stubGlobal("WebSocket", SilentWebSocket);
  vi.stubGlobal("ResizeObserver", NoResizeObserver);
  vi.stubGlobal("matchMedia", (media: string) => ({
    media,
    matches: false,
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
  }));
});

afterEach(() => {
  cleanup();
});
