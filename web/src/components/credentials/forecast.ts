/** How long a credential is good for, in words.  Its access token is refreshed; its login only by a person. */

import type { Credential } from "../../api/types";
import { dateAt, roughly } from "../../ui/time";

const DAY_S = 86_400;
const SOON_S = 3 * DAY_S;

/** The worse of two expiries, as far as it is known. */
export type Outlook = "good" | "access-expired" | "login-ends-soon" | "login-expired";

type Expiries = Pick<Credential, "expires_at" | "login_expires_at">;

export function outlookOf(credential: Expiries, nowMs: number): Outlook {
  const login = secondsLeft(credential.login_expires_at, nowMs);
  if (login !== null && login <= 0) return "login-expired";
  if (login !== null && login < SOON_S) return "login-ends-soon";
  const access = secondsLeft(credential.expires_at, nowMs);
  return access !== null && access <= 0 ? "access-expired" : "good";
}

/** Whether a person should sign in again now. */
export const isLoginEnding = (outlook: Outlook): boolean =>
  outlook === "login-ends-soon" || outlook === "login-expired";

/** “Expires in 3 hours, refreshed by ci-3”. */
export function accessWords(credential: Expiries & Pick<Credential, "holder">, nowMs: number): string {
  const left = secondsLeft(credential.expires_at, nowMs);
  if (left === null) return "The tool does not say when it expires";
  const when = left > 0 ? `Expires in ${roughly(left)}` : `Expired ${roughly(-left)} ago`;
  if (outlookOf(credential, nowMs) === "login-expired") return when;
  return `${when}, refreshed by ${credential.holder ?? "whoever checks it out"}`;
}

/** “Sign in again by 12 Dec (in 20 days)”. */
export function loginWords(
  { login_expires_at: at }: Pick<Credential, "login_expires_at">,
  nowMs: number,
): string {
  const left = secondsLeft(at, nowMs);
  if (at === null || left === null) return "The provider does not say how long it lasts";
  if (left <= 0) return `Expired ${roughly(-left)} ago: sign in again`;
  return `Sign in again by ${dateAt(at, nowMs)} (in ${roughly(left)})`;
}

function secondsLeft(at: string | null, nowMs: number): number | null {
  return at === null ? null : (new Date(at).getTime() - nowMs) / 1000;
}
