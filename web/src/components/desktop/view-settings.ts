/** How the person wants to see desktops: kept in the browser, the same for every machine. */

import type { PlainKey } from "../../i18n";

/** noVNC's levels of JPEG quality (0 to 9) and of compression (0 to 9). */
export const QUALITIES = {
  sharp: { words: "desktop.sharp", qualityLevel: 9, compressionLevel: 1 },
  balanced: { words: "desktop.balanced", qualityLevel: 6, compressionLevel: 2 },
  light: { words: "desktop.light", qualityLevel: 1, compressionLevel: 9 },
} as const satisfies Record<string, { words: PlainKey; qualityLevel: number; compressionLevel: number }>;

export const SIZES = {
  fit: { words: "desktop.fit" },
  resize: { words: "desktop.resize" },
  native: { words: "desktop.native" },
  actual: { words: "desktop.actual" },
} as const satisfies Record<string, { words: PlainKey }>;

export type Quality = keyof typeof QUALITIES;
export type Size = keyof typeof SIZES;

export interface ViewSettings {
  quality: Quality;
  size: Size;
}

export const QUALITY_NAMES = Object.keys(QUALITIES) as Quality[];

/** A screen whose pixels are CSS pixels has no pixels to spare: there, `native` is `resize`. */
export function sizeNames(pixelRatio: number): Size[] {
  return (Object.keys(SIZES) as Size[]).filter((name) => name !== "native" || pixelRatio > 1);
}

const KEY = "vestibule.view";
const DEFAULT: ViewSettings = { quality: "balanced", size: "fit" };

/** What was kept; what is not understood, of another version, counts as nothing. */
export function loadSettings(storage: Storage): ViewSettings {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? "{}") as Partial<Record<keyof ViewSettings, string>>;
    return {
      quality: QUALITY_NAMES.find((name) => name === kept.quality) ?? DEFAULT.quality,
      size: (Object.keys(SIZES) as Size[]).find((name) => name === kept.size) ?? DEFAULT.size,
    };
  } catch {
    return DEFAULT;
  }
}

export function keepSettings(storage: Storage, settings: ViewSettings): void {
  try {
    storage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing: the choice holds for this page.
  }
}
