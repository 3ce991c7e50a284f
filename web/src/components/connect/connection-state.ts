/** What a provider's card says, from the provider and the present. */

import type { Provider } from "../../api/types";
import type { Tone } from "../../ui/pill";
import { roughly } from "../../ui/time";

export interface CardState {
  text: string;
  tone: Tone;
  /** A second line: when the credential expires. */
  detail: string | null;
}

export function cardState(provider: Provider, nowMs: number): CardState {
  if (provider.open_session_id !== null) return { text: "Signing in", tone: "busy", detail: null };
  const { credential } = provider;
  if (credential === null) return { text: "Not connected", tone: "quiet", detail: null };
  const left = secondsLeft(credential.expires_at, nowMs);
  if (left !== null && left <= 0) {
    return { text: "Expired", tone: "bad", detail: `${roughly(-left)} ago` };
  }
  return {
    text: credential.account === null ? "Connected" : `Connected as ${credential.account}`,
    tone: "good",
    detail: left === null ? null : `Expires in ${roughly(left)}`,
  };
}

function secondsLeft(expiresAt: string | null, nowMs: number): number | null {
  return expiresAt === null ? null : (new Date(expiresAt).getTime() - nowMs) / 1000;
}
