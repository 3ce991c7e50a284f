/**
 * Whether the way to the desktop is alive, as a pure function of what was asked and heard.
 *
 *     quiet ──2 s──▶ asked ──answer──▶ quiet
 *                      └── 7 s without a byte ──▶ silent
 *
 * A slow way is alive as long as bytes come, however late the answer is.  From the last byte to “silent” it is
 * 2 s + 7 s and a tick: less than ten seconds.
 */

export interface Pulse {
  /** When the question was sent that has no answer yet. */
  readonly askedAt: number | null;
  readonly answeredAt: number;
  readonly heardAt: number;
  /** Of the last question that was answered; null before. */
  readonly roundTripMs: number | null;
}

export const TICK_MS = 250;
const ASK_AFTER_MS = 2_000;
const SILENT_AFTER_MS = 7_000;

export function begin(at: number): Pulse {
  return { askedAt: null, answeredAt: at, heardAt: at, roundTripMs: null };
}

/** What to do now: ask, take it for dead, or nothing. */
export function due(pulse: Pulse, at: number): "ask" | "give-up" | null {
  if (pulse.askedAt === null) return at - pulse.answeredAt >= ASK_AFTER_MS ? "ask" : null;
  return at - Math.max(pulse.askedAt, pulse.heardAt) >= SILENT_AFTER_MS ? "give-up" : null;
}

export function asked(pulse: Pulse, at: number): Pulse {
  return { ...pulse, askedAt: at };
}

/** Bytes came, the answer among them or not. */
export function heard(pulse: Pulse, at: number, answered: boolean): Pulse {
  if (!answered || pulse.askedAt === null) return { ...pulse, heardAt: at };
  return { askedAt: null, answeredAt: at, heardAt: at, roundTripMs: at - pulse.askedAt };
}
