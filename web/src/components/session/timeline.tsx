import { VisuallyHidden } from "@mantine/core";

import type { TimelineStep } from "../../api/types";
import { t } from "../../i18n";
import { clock, duration, running, secondsBetween } from "../../ui/time";
import { useNow } from "../../ui/use-now";
import { MARK_WORDS, markOf, remarkOf, WORDS } from "./timeline-steps";
import classes from "./timeline.module.css";

/** Every step with its seconds: where the time went, and what broke. */
export function Timeline({ steps }: { steps: readonly TimelineStep[] }) {
  return (
    <ol className={classes.timeline} aria-label={t("session.timeline")}>
      {steps.map((step) => (
        <Row key={step.number} step={step} />
      ))}
    </ol>
  );
}

function Row({ step }: { step: TimelineStep }) {
  const mark = markOf(step);
  const remark = remarkOf(step);
  return (
    <li
      className={classes.step}
      data-mark={mark}
      title={t("session.since", { clock: clock(step.started_at) })}
    >
      <span className={classes.dot} aria-hidden="true" />
      <span className={classes.words}>
        {t(WORDS[step.name])}
        <VisuallyHidden>: {t(MARK_WORDS[mark])}</VisuallyHidden>
        {remark !== null && <span className={classes.remark}>{remark}</span>}
      </span>
      <span className={classes.time}>
        {step.duration_s !== null && duration(step.duration_s)}
        {mark === "running" && <Running since={step.started_at} />}
      </span>
    </li>
  );
}

function Running({ since }: { since: string }) {
  return <>{running(secondsBetween(since, new Date(useNow(1000)).toISOString()))}…</>;
}
