/** What a provider's card says, from the provider and the present. */

import type { Credential, Provider } from "../../api/types";
import type { Tone } from "../../ui/pill";
import { roughly } from "../../ui/time";
import { loginWords, outlookOf } from "../credentials/forecast";

export interface CardState {
  text: string;
  tone: Tone;
  /** A second line: until when that is good. */
  detail: string | null;
}

export function cardState(provider: Provider, nowMs: number): CardState {
  if (provider.open_session_id !== null) return { text: "Signing in", tone: "busy", detail: null };
  const { credential } = provider;
  if (credential === null) return { text: "Not connected", tone: "quiet", detail: null };
  const connected = credential.account === null ? "Connected" : `Connected as ${credential.account}`;
  switch (outlookOf(credential, nowMs)) {
    case "login-expired":
      return { text: "Sign in again", tone: "bad", detail: "The login has expired" };
    case "access-expired":
      // Nobody says whether its login is still good; who refreshes it will see.
      return credential.login_expires_at === null
        ? { text: "Access expired", tone: "quiet", detail: "Its holder may refresh it" }
        : { text: connected, tone: "good", detail: loginWords(credential, nowMs) };
    case "login-ends-soon":
    case "good":
      return { text: connected, tone: "good", detail: expiry(credential, nowMs) };
  }
}

function expiry(credential: Credential, nowMs: number): string | null {
  if (credential.login_expires_at !== null) return loginWords(credential, nowMs);
  if (credential.expires_at === null) return null;
  return `Access expires in ${roughly((new Date(credential.expires_at).getTime() - nowMs) / 1000)}`;
}
