import { VisuallyHidden } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";

import type { Session } from "../../api/types";
import { t } from "../../i18n";
import { clock, duration, elapsed } from "../../ui/time";
import { railSteps, STEP_WORDS, type RailStep } from "./rail";
import classes from "./step-rail.module.css";

/** The session's history as six steps with their times. */
export function StepRail({ session }: { session: Session }) {
  return (
    <ol className={classes.rail} aria-label={t("common.steps")}>
      {railSteps(session).map((step) => (
        <li
          key={step.step}
          className={classes.step}
          data-state={step.state}
          aria-current={step.state === "current" ? "step" : undefined}
        >
          <span className={classes.mark} aria-hidden="true">
            <Mark state={step.state} />
          </span>
          <span className={classes.words}>
            {words(step)}
            {step.step === "ready" && <FirstFrame ms={session.first_frame_ms} />}
          </span>
          <Time step={step} />
        </li>
      ))}
    </ol>
  );
}

/** What the person waited for, as their own browser measured it. */
function FirstFrame({ ms }: { ms: number | null }) {
  if (ms === null) return null;
  return (
    <span className={classes.remark}>{t("session.onScreenAfter", { duration: duration(ms / 1000) })}</span>
  );
}

function Mark({ state }: { state: RailStep["state"] }) {
  if (state === "done") return <IconCheck size={13} stroke={3} />;
  return state === "failed" ? <IconX size={13} stroke={3} /> : null;
}

function Time({ step }: { step: RailStep }) {
  switch (step.state) {
    case "done":
      return (
        <time className={classes.time} dateTime={step.at} title={clock(step.at)}>
          {step.step === "started" ? clock(step.at) : elapsed(step.sinceStart)}
        </time>
      );
    case "failed":
    case "stopped":
      return step.at === null ? null : (
        <time className={classes.time} dateTime={step.at}>
          {clock(step.at)}
        </time>
      );
    case "current":
    case "pending":
    case "skipped":
      return null;
  }
}

function words({ step, state }: RailStep) {
  const [reached, working] = [t(STEP_WORDS[step].reached), t(STEP_WORDS[step].working)];
  switch (state) {
    case "done":
    case "pending":
      return reached;
    case "current":
      return `${working}…`;
    case "skipped":
      return (
        <>
          {reached} <VisuallyHidden>{t("session.notNeeded")}</VisuallyHidden>
        </>
      );
    case "failed":
    case "stopped":
      return (
        <>
          {working} <VisuallyHidden>{t("session.stoppedHere")}</VisuallyHidden>
        </>
      );
  }
}
