import { Skeleton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";

import { asProblem } from "../api/problem";
import type { Timeline as Steps } from "../api/types";
import { Timeline } from "../components/session/timeline";
import { t } from "../i18n";
import { Panel } from "../ui/panel";
import { ProblemPanel } from "../ui/problem-panel";
import classes from "./side-drawer.module.css";

/** What something went through, step by step, in its drawer. */
export function TimelinePanel({ timeline }: { timeline: UseQueryResult<Steps> }) {
  return (
    <Panel title={t("session.timeline")}>
      {timeline.isPending && <Skeleton height={120} radius="md" />}
      {timeline.isError && (
        <ProblemPanel title={t("session.timelineUnreadable")} problem={asProblem(timeline.error)} />
      )}
      {timeline.data?.steps.length === 0 && <p className={classes.untried}>{t("session.noStepKept")}</p>}
      {timeline.data !== undefined && <Timeline steps={timeline.data.steps} />}
    </Panel>
  );
}
