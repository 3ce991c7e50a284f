/** What a provider's card says, from the provider and the present. */

import type { Credential, Provider } from "../../api/types";
import { t } from "../../i18n";
import type { Tone } from "../../ui/pill";
import { fromNow } from "../../ui/time";
import { concernOf } from "../credentials/concern";
import { loginWords, outlookOf } from "../credentials/forecast";

export interface CardState {
  text: string;
  tone: Tone;
  /** A second line: until when that is good, or why it is not. */
  detail: string | null;
  /** The second line is the controller's, and English. */
  reported?: boolean;
  /** What its button does: a first sign-in, one beside another, or one that is needed now. */
  next: "connect" | "add" | "renew";
}

export function cardState(provider: Provider, nowMs: number): CardState {
  if (provider.open_session_id !== null)
    return { text: t("connect.signingIn"), tone: "busy", detail: null, next: "add" };
  const { credential } = provider;
  if (credential === null)
    return { text: t("connect.notConnected"), tone: "quiet", detail: null, next: "connect" };
  const concern = concernOf(credential, nowMs);
  if (concern !== null)
    return {
      text: concern.state,
      tone: concern.tone,
      detail: concern.why,
      reported: concern.reported,
      next: "renew",
    };
  return { ...connected(credential, nowMs), next: "add" };
}

function connected(credential: Credential, nowMs: number): Omit<CardState, "next"> {
  const text =
    credential.account === null
      ? t("connect.connected")
      : t("connect.connectedAs", { account: credential.account });
  if (credential.usable_until !== null) return { text, tone: "good", detail: loginWords(credential, nowMs) };
  // Nobody says whether its login is still good; who refreshes it will see.
  if (outlookOf(credential, nowMs) === "access-expired")
    return { text: t("connect.accessExpired"), tone: "quiet", detail: t("connect.holderMayRefresh") };
  return { text, tone: "good", detail: accessExpiry(credential, nowMs) };
}

function accessExpiry({ expires_at: at }: Credential, nowMs: number): string | null {
  return at === null
    ? null
    : t("credentials.accessExpires", { when: fromNow((new Date(at).getTime() - nowMs) / 1000) });
}
