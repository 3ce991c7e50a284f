import { Skeleton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";

import { asProblem } from "../api/problem";
import type { Timeline as Steps } from "../api/types";
import { Timeline } from "../components/session/timeline";
import { Panel } from "../ui/panel";
import { ProblemPanel } from "../ui/problem-panel";
import classes from "./side-drawer.module.css";

/** What something went through, step by step, in its drawer. */
export function TimelinePanel({ timeline }: { timeline: UseQueryResult<Steps> }) {
  return (
    <Panel title="Timeline">
      {timeline.isPending && <Skeleton height={120} radius="md" />}
      {timeline.isError && (
        <ProblemPanel title="The timeline could not be read" problem={asProblem(timeline.error)} />
      )}
      {timeline.data?.steps.length === 0 && (
        <p className={classes.untried}>No step is kept of it: there was none, or it is too long ago.</p>
      )}
      {timeline.data !== undefined && <Timeline steps={timeline.data.steps} />}
    </Panel>
  );
}
