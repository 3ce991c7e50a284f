/** What a viewer asks of one machine; its secrets (clipboard texts) are handed on and kept nowhere. */

import { answeredUpload, downloads, setClipboard, viewTicket } from "./client";
import type { Downloads, DownloadsFile, ViewTicket } from "./types";

export interface MachineAccess {
  /** The right to open one of its WebSockets, once. */
  askTicket: () => Promise<ViewTicket>;
  /** Resolves once every paste in the machine gives this text. */
  setClipboard: (text: string) => Promise<void>;
  downloads: () => Promise<Downloads>;
  /** @param onProgress Hears which part of it has gone, 0 to 1. */
  upload: (file: File, onProgress: (share: number) => void, signal: AbortSignal) => Promise<DownloadsFile>;
  /** Where a file is saved from. */
  fileAddress: (file: DownloadsFile) => string;
}

export function machineAccess(vmId: string): MachineAccess {
  const files = `/api/vm/${encodeURIComponent(vmId)}/files`;
  return {
    askTicket: () => viewTicket(vmId),
    setClipboard: (text) => setClipboard(vmId, text),
    downloads: () => downloads(vmId),
    upload: (file, onProgress, signal) =>
      answeredUpload(`${files}?name=${encodeURIComponent(file.name)}`, file, onProgress, signal),
    fileAddress: ({ file }) => `${files}/${encodeURIComponent(file)}`,
  };
}
