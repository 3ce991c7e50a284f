/** What the controller tells who watches by a view link: text messages beside the desktop's own. */

import type { SessionStatus } from "../../api/types";
import { STATUS_WORDS } from "../session/status-words";

export interface Watched {
  tool: string;
  status: SessionStatus;
  expiresAt: string;
}

/** Null: it is of another version, and says nothing that can be shown. */
export function readWatched(text: string): Watched | null {
  try {
    const { tool, status, expires_at } = JSON.parse(text) as Record<string, unknown>;
    if (typeof tool !== "string" || typeof expires_at !== "string" || !isStatus(status)) return null;
    return { tool, status, expiresAt: expires_at };
  } catch {
    return null;
  }
}

const isStatus = (value: unknown): value is SessionStatus =>
  typeof value === "string" && Object.hasOwn(STATUS_WORDS, value);
