/** The exchange of the vault's master key: a batch of credentials for each call, until none remain. */

import type { Rotation } from "./types";

export interface Progress {
  rewrapped: number;
  remaining: number;
}

/** How it ended. */
export type Exchanged = Pick<Rotation, "key_id" | "finished" | "damaged"> & Progress;

/**
 * Calls `next` until nothing remains or a call gets nowhere, and tells how far it is after each one that is
 * not the last.  Never once more: after the end a call would begin another exchange.
 */
export async function exchangeKey(
  next: () => Promise<Rotation>,
  tell: (progress: Progress) => void,
  before = 0,
): Promise<Exchanged> {
  const step = await next();
  const exchanged = { ...step, rewrapped: before + step.rewrapped };
  if (step.remaining === 0 || step.rewrapped === 0) return exchanged;
  tell(exchanged);
  return exchangeKey(next, tell, exchanged.rewrapped);
}
