/** How long a credential is good for, in words.  Its access token is refreshed; its login only by a person. */

import type { Credential } from "../../api/types";
import { t } from "../../i18n";
import { dateAt, fromNow } from "../../ui/time";

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
  if (left === null) return t("credentials.noExpiry");
  const when =
    left > 0
      ? t("credentials.expires", { when: fromNow(left) })
      : t("credentials.expired", { when: fromNow(left) });
  if (outlookOf(credential, nowMs) === "login-expired") return when;
  return t("credentials.refreshedBy", { when, who: credential.holder ?? t("credentials.whoever") });
}

/** “Sign in again by 12 Dec (in 20 days)”. */
export function loginWords({ usable_until: at }: Pick<Credential, "usable_until">, nowMs: number): string {
  const left = secondsLeft(at, nowMs);
  if (at === null || left === null) return t("credentials.noLoginEnd");
  if (left <= 0) return t("credentials.loginExpiredAgo", { when: fromNow(left) });
  return t("credentials.signInBy", { date: dateAt(at, nowMs), when: fromNow(left) });
}

/** “Its login ends on 12 Dec, in 2 days.” */
export function loginEndWords({ usable_until: at }: Pick<Credential, "usable_until">, nowMs: number): string {
  const left = secondsLeft(at, nowMs);
  if (at === null || left === null) return t("credentials.endsSoon");
  if (left <= 0) return t("credentials.hasExpired", { when: fromNow(left) });
  return t("credentials.endsOn", { date: dateAt(at, nowMs), when: fromNow(left) });
}

function secondsLeft(at: string | null, nowMs: number): number | null {
  return at === null ? null : (new Date(at).getTime() - nowMs) / 1000;
}
