import { vi } from "vitest";

import type { Surface } from "../components/desktop/desktop-link";

/** A desktop on the screen that notes what is done with it. */
export function fakeSurface(special: Partial<Surface> = {}): Surface {
  return {
    focus: vi.fn(),
    release: vi.fn(),
    press: vi.fn(),
    hold: vi.fn(),
    letGo: vi.fn(),
    type: vi.fn(),
    show: vi.fn(),
    traffic: () => ({ received: 0, roundTripMs: null }),
    close: vi.fn(),
    ...special,
  };
}
