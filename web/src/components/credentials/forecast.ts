/** How long a credential is good for, in words.  Its access token is refreshed; its login only by a person. */

import type { Credential } from "../../api/types";
import { dateAt, roughly } from "../../ui/time";

/** The worse of two expiries, as far as it is known. */
export type Outlook = "good" | "access-expired" | "login-ends-soon" | "login-expired";

type Ends = Pick<Credential, "expires_at" | "usable_until" | "expires_soon">;

export function outlookOf(credential: Ends, nowMs: number): Outlook {
  const login = secondsLeft(credential.usable_until, nowMs);
  if (login !== null && login <= 0) return "login-expired";
  if (credential.expires_soon) return "login-ends-soon";
  const access = secondsLeft(credential.expires_at, nowMs);
  return access !== null && access <= 0 ? "access-expired" : "good";
}

/** “Expires in 3 hours, refreshed by ci-3”. */
export function accessWords(credential: Ends & Pick<Credential, "holder">, nowMs: number): string {
  const left = secondsLeft(credential.expires_at, nowMs);
  if (left === null) return "The tool does not say when it expires";
  const when = left > 0 ? `Expires in ${roughly(left)}` : `Expired ${roughly(-left)} ago`;
  if (outlookOf(credential, nowMs) === "login-expired") return when;
  return `${when}, refreshed by ${credential.holder ?? "whoever checks it out"}`;
}

/** “Sign in again by 12 Dec (in 20 days)”. */
export function loginWords({ usable_until: at }: Pick<Credential, "usable_until">, nowMs: number): string {
  const left = secondsLeft(at, nowMs);
  if (at === null || left === null) return "The provider does not say how long it lasts";
  if (left <= 0) return `Expired ${roughly(-left)} ago: sign in again`;
  return `Sign in again by ${dateAt(at, nowMs)} (in ${roughly(left)})`;
}

/** “Its login ends on 12 Dec, in 2 days.” */
export function loginEndWords({ usable_until: at }: Pick<Credential, "usable_until">, nowMs: number): string {
  const left = secondsLeft(at, nowMs);
  if (at === null || left === null) return "Its login ends soon.";
  if (left <= 0) return `Its login expired ${roughly(-left)} ago.`;
  return `Its login ends on ${dateAt(at, nowMs)}, in ${roughly(left)}.`;
}

function secondsLeft(at: string | null, nowMs: number): number | null {
  return at === null ? null : (new Date(at).getTime() - nowMs) / 1000;
}
