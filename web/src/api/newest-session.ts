import { isFinal, type Session } from "./types";

/**
 * Which of two readings of one session is the later one.
 *
 * Answers and events overtake each other.  Final states never change, and a session's history only grows;
 * those two facts are enough, no clock is compared.
 */
export function newestSession(known: Session | undefined, read: Session): Session {
  if (known?.session_id !== read.session_id) return read;
  if (isFinal(known.status)) return known;
  return read.stages.length < known.stages.length ? known : read;
}
