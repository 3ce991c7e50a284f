/** How it stands with the promoted golden, from what the API tells alone: pure, so that page and tests agree. */

import type { Golden, Goldens, Problem, StalePolicy } from "../../api/types";

/** Why the promoted golden is another than today's inputs make. */
export type StaleReason = "not_renewed" | "rejected" | "rolled_back" | "failed" | "chosen" | "about_to_begin";

export type Standing =
  | { kind: "current" }
  | { kind: "retried" }
  | { kind: "renewing" }
  | { kind: "stale"; reason: StaleReason }
  | { kind: "unreadable"; trouble: string }
  | { kind: "coming"; problem: Problem }
  | { kind: "refused"; problem: Problem };

export type StandingTone = "good" | "busy" | "warn" | "bad";

/** What a person must know first comes first: whether machines can start, then whether they are today's. */
export function standingOf(state: Goldens): Standing {
  const busy = isRenewing(state);
  if (state.refusal !== null) return { kind: busy ? "coming" : "refused", problem: state.refusal };
  if (busy) return { kind: state.stale ? "renewing" : "retried" };
  if (state.trouble !== null) return { kind: "unreadable", trouble: state.trouble };
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
        title: "Current",
        tone: "good",
        text: "Machines start from the golden that today’s inputs make.",
      };
    case "retried":
      return {
        title: "Current, tried again",
        tone: "busy",
        text: "Machines start from the golden that today’s inputs make. It is getting another try.",
      };
    case "renewing":
      return {
        title: "Stale, being renewed",
        tone: "busy",
        text: "Today’s inputs make another golden, which is on its way. Machines start from the old one meanwhile.",
      };
    case "stale":
      return { title: "Stale", tone: "warn", text: STALE_WORDS[standing.reason] };
    case "unreadable":
      return {
        title: "Inputs cannot be read",
        tone: "warn",
        text: "Whether the promoted golden is current is not known until they can. Machines start from it.",
      };
    case "coming":
      return {
        title: "No machine can start yet",
        tone: "busy",
        text: "A golden is on its way; machines start as soon as it is promoted.",
      };
    case "refused":
      return { title: "No machine can start", tone: "bad", text: "The promoted golden cannot be served." };
  }
}

const STALE_WORDS: Record<StaleReason, string> = {
  not_renewed: "Inputs have changed, and nothing is renewed by itself here. Rebuild makes today’s golden.",
  rejected:
    "Today’s golden did not pass its canary. Machines start from the old one until an input changes or somebody presses Rebuild.",
  rolled_back:
    "Today’s golden was rolled back. Machines start from the one before until an input changes or somebody presses Rebuild.",
  failed: "The last renewal failed and is tried again by itself. Machines start from the old golden.",
  chosen: "Somebody promoted another golden than today’s. The next renewal promotes today’s again.",
  about_to_begin: "Inputs have changed. A renewal is about to begin.",
};

export const POLICY_WORDS: Record<StalePolicy, string> = {
  rebuild: "A stale golden is renewed by itself.",
  refuse: "No machine starts from a stale golden, and nothing is renewed by itself.",
  allow: "Machines start from a stale golden, and nothing is renewed by itself.",
};
