/** Why a person should sign in again. */

import type { Credential } from "../../api/types";
import type { Tone } from "../../ui/pill";
import { loginEndWords, outlookOf } from "./forecast";

export interface Concern {
  /** In a pill. */
  state: string;
  tone: Extract<Tone, "warn" | "bad">;
  why: string;
}

type Judged = Pick<Credential, "doubt" | "expires_at" | "usable_until" | "expires_soon">;

/** The gravest reason; null: there is none. */
export function concernOf(credential: Judged, nowMs: number): Concern | null {
  const outlook = outlookOf(credential, nowMs);
  if (outlook === "login-expired")
    return { state: "Login expired", tone: "bad", why: loginEndWords(credential, nowMs) };
  if (credential.doubt !== null) return { state: "May not work", tone: "warn", why: credential.doubt };
  if (outlook === "login-ends-soon")
    return { state: "Login ends soon", tone: "warn", why: loginEndWords(credential, nowMs) };
  return null;
}
