import { Skeleton } from "@mantine/core";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Link } from "wouter";

import { hostHistoryQuery, useHostHistoryEvents } from "../api/health-queries";
import { asProblem } from "../api/problem";
import type { Starts } from "../api/types";
import { HostCharts } from "../components/health/host-charts";
import { StartTimes } from "../components/health/start-times";
import { t } from "../i18n";
import { ProblemPanel } from "../ui/problem-panel";
import { goldenPath } from "./paths";

/** What people would rather look at than read: the host as it was, and how fast machines start. */
export function HealthCharts({ starts }: { starts: UseQueryResult<Starts> }) {
  const history = useQuery(hostHistoryQuery);
  useHostHistoryEvents();
  return (
    <>
      {history.isPending && <Skeleton height={220} radius="lg" />}
      {history.isError && (
        <ProblemPanel title={t("health.historyUnreadable")} problem={asProblem(history.error)} />
      )}
      {history.data !== undefined && <HostCharts history={history.data} />}
      {starts.isPending && <Skeleton height={180} radius="lg" />}
      {starts.isError && (
        <ProblemPanel title={t("health.startsUnreadable")} problem={asProblem(starts.error)} />
      )}
      {starts.data !== undefined && (
        <StartTimes starts={starts.data} goldenLink={(id) => <Link href={goldenPath(id)}>{id}</Link>} />
      )}
    </>
  );
}
