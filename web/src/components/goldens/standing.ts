/** How it stands with the promoted golden, from what the API tells alone: pure, so that page and tests agree. */

import type { Golden, Goldens, Problem, StalePolicy } from "../../api/types";
import { t, type PlainKey } from "../../i18n";

/** Why the promoted golden is another than today's inputs make. */
export type StaleReason = "not_renewed" | "rejected" | "rolled_back" | "failed" | "chosen" | "about_to_begin";

export type Standing =
  | { kind: "current" }
  | { kind: "retried" }
  | { kind: "renewing" }
  | { kind: "stale"; reason: StaleReason }
  | { kind: "unreadable"; trouble: string }
  | { kind: "failing"; failing: string }
  | { kind: "coming"; problem: Problem }
  | { kind: "refused"; problem: Problem };

export type StandingTone = "good" | "busy" | "warn" | "bad";

/** What a person must know first comes first: whether machines can start, then whether they are today's. */
export function standingOf(state: Goldens): Standing {
  const busy = isRenewing(state);
  if (state.refusal !== null) return { kind: busy ? "coming" : "refused", problem: state.refusal };
  if (busy) return { kind: state.stale ? "renewing" : "retried" };
  if (state.trouble !== null) return { kind: "unreadable", trouble: state.trouble };
  const failing = goldenOf(state, state.promoted)?.failing ?? null;
  if (failing !== null) return { kind: "failing", failing };
  return state.stale ? { kind: "stale", reason: reasonOf(state) } : { kind: "current" };
}

/** Whether a renewal is under way. */
export const isRenewing = (state: Goldens): boolean =>
  state.renewal !== null && state.renewal.outcome === null;

/** Whether a renewal has something to make: inputs have changed, or a product of today's golden is not there. */
export const isToBeMade = (state: Goldens): boolean =>
  state.stale || state.plan.some(({ needed, done }) => needed && !done);

export const goldenOf = (state: Goldens, id: string | null): Golden | undefined =>
  state.goldens.find((golden) => golden.golden_id === id);

function reasonOf(state: Goldens): StaleReason {
  const wanted = goldenOf(state, state.wanted);
  if (wanted?.status === "rejected" || wanted?.status === "rolled_back") return wanted.status;
  if (state.policy !== "rebuild") return "not_renewed";
  if (wanted?.status === "superseded") return "chosen";
  const failed = state.renewal?.outcome === "failed" && state.renewal.golden_id === state.wanted;
  return failed ? "failed" : "about_to_begin";
}

export function standingWords(standing: Standing): { title: string; tone: StandingTone; text: string } {
  switch (standing.kind) {
    case "current":
      return {
        title: t("goldens.current"),
        tone: "good",
        text: t("goldens.currentText"),
      };
    case "retried":
      return {
        title: t("goldens.retried"),
        tone: "busy",
        text: t("goldens.retriedText"),
      };
    case "renewing":
      return {
        title: t("goldens.renewing"),
        tone: "busy",
        text: t("goldens.renewingText"),
      };
    case "stale":
      return { title: t("goldens.stale"), tone: "warn", text: t(STALE_WORDS[standing.reason]) };
    case "failing":
      return { title: t("goldens.failing"), tone: "bad", text: t("goldens.failingText") };
    case "unreadable":
      return {
        title: t("goldens.unreadableTitle"),
        tone: "warn",
        text: t("goldens.unreadableText"),
      };
    case "coming":
      return {
        title: t("goldens.coming"),
        tone: "busy",
        text: t("goldens.comingText"),
      };
    case "refused":
      return { title: t("goldens.refused"), tone: "bad", text: t("goldens.refusedText") };
  }
}

const STALE_WORDS: Record<StaleReason, PlainKey> = {
  not_renewed: "goldens.staleNotRenewed",
  rejected: "goldens.staleRejected",
  rolled_back: "goldens.staleRolledBack",
  failed: "goldens.staleFailed",
  chosen: "goldens.staleChosen",
  about_to_begin: "goldens.staleAboutToBegin",
};

export const POLICY_WORDS: Record<StalePolicy, PlainKey> = {
  rebuild: "goldens.policyRebuild",
  refuse: "goldens.policyRefuse",
  allow: "goldens.policyAllow",
};
