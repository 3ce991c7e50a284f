import { Button, SegmentedControl, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconHeartbeat, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useSearchParams } from "wouter";

import { failuresQuery, hostHealthQuery, startsQuery } from "../api/health-queries";
import { asProblem } from "../api/problem";
import type { Failures } from "../api/types";
import { HostPanel } from "../components/health/host-panel";
import { ReasonsList } from "../components/health/reasons-list";
import { ScoreBand } from "../components/health/score-band";
import { ended } from "../components/health/words";
import { EmptyState } from "../ui/empty-state";
import { PageHead } from "../ui/page-head";
import { ProblemPanel } from "../ui/problem-panel";
import { HealthCharts } from "./health-charts";
import { HealthGoldens } from "./health-goldens";
import classes from "./health-page.module.css";
import { sessionPath } from "./paths";

const RANGES = [
  { value: "1", label: "24 hours" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
];
const USUAL = "7";

/** What sign-ins came to of late, why some failed, and what this host has left. */
export function HealthPage() {
  const [days, setDays] = useDays();
  const failures = useQuery(failuresQuery(Number(days)));
  const host = useQuery(hostHealthQuery);
  const starts = useQuery(startsQuery(Number(days)));
  const lookAgain = () => {
    void failures.refetch();
    void host.refetch();
    void starts.refetch();
  };
  return (
    <>
      <PageHead
        title="Health"
        action={
          <div className={classes.actions}>
            <SegmentedControl aria-label="How far back" data={RANGES} value={days} onChange={setDays} />
            <Button
              variant="default"
              leftSection={<IconRefresh size={16} aria-hidden="true" />}
              loading={failures.isRefetching || host.isRefetching}
              onClick={lookAgain}
            >
              Look again
            </Button>
          </div>
        }
      >
        What sign-ins came to, why some failed, and what this host has left.
      </PageHead>
      <div className={classes.parts}>
        {failures.isPending && <Skeleton height={250} radius="lg" />}
        {failures.isError && (
          <ProblemPanel
            title="Failures could not be read"
            problem={asProblem(failures.error)}
            action={<Button onClick={lookAgain}>Try again</Button>}
          />
        )}
        {failures.data !== undefined && <Found failures={failures.data} />}
        {host.isPending && <Skeleton height={220} radius="lg" />}
        {host.isError && <ProblemPanel title="The host could not be read" problem={asProblem(host.error)} />}
        {host.data !== undefined && <HostPanel health={host.data} />}
        <HealthCharts starts={starts} />
      </div>
    </>
  );
}

/** How far back, kept in the address: a link shows what its sender saw. */
function useDays(): [string, (days: string) => void] {
  const [search, setSearch] = useSearchParams();
  const asked = search.get("days");
  const days = RANGES.find(({ value }) => value === asked)?.value ?? USUAL;
  return [
    days,
    (wanted) => {
      setSearch({ days: wanted }, { replace: true });
    },
  ];
}

function Found({ failures }: { failures: Failures }) {
  const [chosen, pick] = useState<string | null>(null);
  // Another range may not have the reason that was picked.
  const picked = failures.reasons.some(({ code }) => code === chosen) ? chosen : null;
  if (ended(failures.score) === 0) {
    return (
      <EmptyState icon={<IconHeartbeat size={32} />} title="No sign-in has ended in this time">
        {failures.of_everybody ? "" : "None of yours. "}Look further back, or connect a tool.
      </EmptyState>
    );
  }
  return (
    <>
      <ScoreBand failures={failures} picked={picked} />
      {failures.reasons.length > 0 && (
        <ReasonsList
          reasons={failures.reasons}
          failed={failures.score.failed}
          picked={picked}
          pick={pick}
          sessionLink={(id, words) => <Link href={sessionPath(id)}>{words}</Link>}
        />
      )}
      <section aria-label="Goldens">
        <h2 className={classes.heading}>By golden</h2>
        <HealthGoldens goldens={failures.goldens} />
      </section>
    </>
  );
}
