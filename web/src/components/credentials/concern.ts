/** Why a person should sign in again. */

import type { Credential } from "../../api/types";
import { t } from "../../i18n";
import type { Tone } from "../../ui/pill";
import { loginEndWords, outlookOf } from "./forecast";

export interface Concern {
  /** In a pill. */
  state: string;
  tone: Extract<Tone, "warn" | "bad">;
  why: string;
  /** Whether the controller says so, which is English. */
  reported: boolean;
}

type Judged = Pick<Credential, "doubt" | "expires_at" | "usable_until" | "expires_soon">;

/** The gravest reason; null: there is none. */
export function concernOf(credential: Judged, nowMs: number): Concern | null {
  const outlook = outlookOf(credential, nowMs);
  if (outlook === "login-expired")
    return {
      state: t("credentials.loginExpired"),
      tone: "bad",
      why: loginEndWords(credential, nowMs),
      reported: false,
    };
  if (credential.doubt !== null)
    return { state: t("credentials.mayNotWork"), tone: "warn", why: credential.doubt, reported: true };
  if (outlook === "login-ends-soon")
    return {
      state: t("credentials.loginEndsSoon"),
      tone: "warn",
      why: loginEndWords(credential, nowMs),
      reported: false,
    };
  return null;
}
