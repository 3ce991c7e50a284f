/** A golden's states, moves and trials in a person's words. */

import type { CanaryReport, GoldenStatus } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import type { Tone } from "../../ui/pill";

export const GOLDEN_STATUS: Record<GoldenStatus, { text: PlainKey; tone: Tone }> = {
  candidate: { text: "goldens.candidate", tone: "quiet" },
  promoted: { text: "goldens.promoted", tone: "good" },
  superseded: { text: "goldens.superseded", tone: "quiet" },
  rejected: { text: "goldens.rejected", tone: "bad" },
  rolled_back: { text: "goldens.rolledBack", tone: "bad" },
};

/** With one full stop at its end: verdicts come with and without. */
export const sentence = (text: string): string => text.replace(/\.*$/, ".");

export const failedChecks = (report: CanaryReport): number => report.checks.filter(({ ok }) => !ok).length;

/** Trouble first; the others in the order in which they ended. */
export const checksByTrouble = (report: CanaryReport) =>
  report.checks.toSorted((one, other) => Number(one.ok) - Number(other.ok));

/** A canary's verdict in a word or two. */
export function canaryWords(report: CanaryReport): { text: string; tone: Tone } {
  if (report.passed) return { text: t("goldens.driverPassed", { driver: report.driver }), tone: "good" };
  const failed = failedChecks(report);
  return {
    text: t("goldens.driverFailed", { driver: report.driver, failed, count: report.checks.length }),
    tone: "bad",
  };
}
