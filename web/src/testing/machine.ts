/** A machine whose clipboard and files are noted, not passed on. */

import { vi } from "vitest";

import type { MachineAccess } from "../api/machine-access";
import type { Clipboard } from "../components/clipboard/use-clipboard";
import type { Files } from "../components/files/use-files";

export function fakeMachine(special: Partial<MachineAccess> = {}): MachineAccess {
  return {
    askTicket: () => new Promise(() => undefined),
    setClipboard: vi.fn(() => Promise.resolve()),
    downloads: vi.fn(() => Promise.resolve({ upload: true, download: true, max_bytes: 1 << 20, files: [] })),
    upload: vi.fn(() => new Promise<never>(() => undefined)),
    fileAddress: ({ file }) => `/files/${file}`,
    ...special,
  };
}

export function fakeClipboard(special: Partial<Clipboard> = {}): Clipboard {
  return {
    paste: vi.fn(() => Promise.resolve()),
    copied: null,
    take: vi.fn(() => Promise.resolve(true)),
    problem: null,
    dismiss: vi.fn(),
    focus: vi.fn(),
    ...special,
  };
}

export function fakeFiles(special: Partial<Files> = {}): Files {
  return {
    downloads: null,
    problem: null,
    uploads: [],
    refresh: vi.fn(),
    upload: vi.fn(),
    address: ({ file }) => `/files/${file}`,
    tidy: vi.fn(),
    ...special,
  };
}
