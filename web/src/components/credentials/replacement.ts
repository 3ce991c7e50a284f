/**
 * Whether a newer sign-in has taken a credential's place.
 *
 * Which of two sign-ins is newer is told by when their sessions began: `sealed_at` moves with each refresh.
 */

import type { Credential, Session } from "../../api/types";
import { concernOf } from "./concern";

/** The sessions that are known, by id: when each began. */
export type Begun = ReadonlyMap<string, number>;

export const begunOf = (sessions: readonly Pick<Session, "session_id" | "created_at">[]): Begun =>
  new Map(sessions.map((session) => [session.session_id, new Date(session.created_at).getTime()]));

/**
 * The newest sign-in of the same account that stands in for this credential; null as well where that cannot
 * be told.  One that is good is not replaced: two holders need two.  Nor is one that somebody still uses.
 */
export function replacementOf(
  older: Credential,
  listed: readonly Credential[],
  begun: Begun,
  nowMs: number,
): Credential | null {
  const since = begun.get(older.session_id);
  if (since === undefined) return null;
  const newer = candidates(older, listed, nowMs).filter((each) => began(each, begun) > since);
  return newer.sort((a, b) => began(b, begun) - began(a, begun))[0] ?? null;
}

/** Whether it must be known when sessions began. */
export const mayBeReplaced = (listed: readonly Credential[], nowMs: number): boolean =>
  listed.some((each) => candidates(each, listed, nowMs).length > 0);

/** Good credentials that could do all that this one, which is no good any more, could. */
function candidates(older: Credential, listed: readonly Credential[], nowMs: number): Credential[] {
  if (older.account === null || older.holder !== null || concernOf(older, nowMs) === null) return [];
  return listed.filter(
    (each) =>
      each.provider === older.provider &&
      each.account === older.account &&
      each.session_id !== older.session_id &&
      older.scopes.every((scope) => each.scopes.includes(scope)) &&
      concernOf(each, nowMs) === null,
  );
}

const began = (credential: Credential, begun: Begun): number => begun.get(credential.session_id) ?? -Infinity;
