import { VisuallyHidden } from "@mantine/core";
import { IconCheck, IconChevronRight, IconX } from "@tabler/icons-react";
import { useState } from "react";

import type { Renewal, RenewalStep } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import { duration, running, secondsBetween } from "../../ui/time";
import { useNow } from "../../ui/use-now";
import classes from "./step-groups.module.css";
import { stepGroups, type GroupState, type StepGroup, type StepView } from "./steps";

/** The steps by phase; of a renewal that had ended before, what went well comes folded. */
export function StepGroups({ renewal }: { renewal: Renewal }) {
  return (
    <ol className={classes.groups} aria-label={t("common.steps")}>
      {stepGroups(renewal).map((group) => (
        <li key={group.key}>
          {group.state === "pending" ? (
            <div className={classes.title} data-state="pending">
              <Mark state="pending" />
              <span>{group.title}</span>
            </div>
          ) : (
            <Group group={group} open={renewal.outcome === null || group.state !== "done"} />
          )}
        </li>
      ))}
    </ol>
  );
}

/** `open` is how it begins; from then on it is the reader's. */
function Group({ group, open }: { group: StepGroup; open: boolean }) {
  const [opened, setOpened] = useState(open);
  return (
    <details
      open={opened}
      onToggle={(event) => {
        setOpened(event.currentTarget.open);
      }}
    >
      <summary className={classes.title} data-state={group.state}>
        <Mark state={group.state} />
        <span>{group.title}</span>
        <span className={classes.time}>{summaryOf(group)}</span>
        <IconChevronRight className={classes.chevron} size={16} aria-hidden="true" />
      </summary>
      <ol className={classes.steps}>
        {group.steps.map((view, index) => (
          <Step key={index} view={view} />
        ))}
      </ol>
    </details>
  );
}

function summaryOf({ steps, seconds, state, toCome }: StepGroup): string {
  if (state === "stopped") return t("goldens.markStopped");
  const ended = steps.filter(({ state }) => state !== "running").length;
  if (seconds === null || toCome > 0) return t("goldens.endedOf", { ended, count: steps.length + toCome });
  return t("goldens.stepsTook", { count: steps.length, duration: duration(seconds) });
}

function Step({ view }: { view: StepView }) {
  return (
    <li
      className={classes.step}
      data-state={view.state}
      aria-current={view.state === "running" ? "step" : undefined}
    >
      <Mark state={view.state} />
      <span className={classes.name} lang="en">
        {view.name}
      </span>
      <StepTime view={view} />
      {view.step.trouble !== null && (
        <p className={classes.trouble} lang="en">
          {view.step.trouble}
        </p>
      )}
    </li>
  );
}

function StepTime({ view: { state, step } }: { view: StepView }) {
  switch (state) {
    case "running":
      return <Elapsed step={step} />;
    case "done":
    case "troubled":
      return <span className={classes.time}>{step.seconds === null ? "" : duration(step.seconds)}</span>;
    case "stopped":
      return <span className={classes.time}>{t("goldens.stoppedHere")}</span>;
  }
}

/** What it has taken so far, of what it took the last time. */
function Elapsed({ step }: { step: RenewalStep }) {
  const seconds = Math.max(0, secondsBetween(step.began_at, new Date(useNow(500)).toISOString()));
  const { estimate_s } = step;
  return (
    <>
      <span className={classes.time}>
        {running(seconds)}
        {estimate_s !== null && ` ${t("goldens.ofAbout", { duration: running(Math.max(1, estimate_s)) })}`}
      </span>
      {estimate_s !== null && (
        <progress
          className={classes.progress}
          aria-label={t("goldens.ofLastTime", { name: step.name })}
          max={estimate_s}
          value={Math.min(seconds, estimate_s)}
        />
      )}
    </>
  );
}

const MARK_WORDS: Record<GroupState, PlainKey> = {
  running: "goldens.markRunning",
  done: "goldens.markDone",
  troubled: "goldens.markTroubled",
  stopped: "goldens.markStopped",
  pending: "goldens.markPending",
};

function Mark({ state }: { state: GroupState }) {
  return (
    <span className={classes.mark} data-state={state}>
      {state === "done" && <IconCheck size={11} stroke={3.4} aria-hidden="true" />}
      {(state === "troubled" || state === "stopped") && <IconX size={11} stroke={3.4} aria-hidden="true" />}
      <VisuallyHidden>{t(MARK_WORDS[state])}</VisuallyHidden>
    </span>
  );
}
