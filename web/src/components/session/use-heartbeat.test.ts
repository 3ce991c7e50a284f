import { renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { useHeartbeat } from "./use-heartbeat";

const show = (state: DocumentVisibilityState): void => {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
};

describe("signs of life", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("are given at once, every 20 s while the page is visible, and at once when it is again", () => {
    const beat = vi.fn();
    renderHook(() => {
      useHeartbeat(true, beat);
    });
    expect(beat).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(60_000);
    expect(beat).toHaveBeenCalledTimes(4);
    show("hidden");
    vi.advanceTimersByTime(600_000);
    expect(beat).toHaveBeenCalledTimes(4);
    show("visible");
    expect(beat).toHaveBeenCalledTimes(5);
  });

  it("end with the page, and with the session", () => {
    const beat = vi.fn();
    const page = renderHook(
      ({ wanted }: { wanted: boolean }) => {
        useHeartbeat(wanted, beat);
      },
      { initialProps: { wanted: true } },
    );
    page.rerender({ wanted: false });
    vi.advanceTimersByTime(60_000);
    page.unmount();
    show("visible");
    expect(beat).toHaveBeenCalledTimes(1);
  });
});
