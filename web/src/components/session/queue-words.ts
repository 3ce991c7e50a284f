import type { Session } from "../../api/types";

/** Where a sign-in waits for a machine and why, in a person's words; null when it does not wait. */
export function queueWords(session: Session): string | null {
  if (session.queue_place === null) return null;
  const place = `You are ${ordinal(session.queue_place)} in the queue`;
  return session.queue_reason === null ? `${place}.` : `${place}: ${session.queue_reason}`;
}

const ENDINGS = new Map([
  ["one", "st"],
  ["two", "nd"],
  ["few", "rd"],
]);
const RULES = new Intl.PluralRules("en", { type: "ordinal" });

function ordinal(place: number): string {
  return `${place.toString()}${ENDINGS.get(RULES.select(place)) ?? "th"}`;
}
