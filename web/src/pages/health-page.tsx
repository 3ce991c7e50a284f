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
import { t } from "../i18n";
import { EmptyState } from "../ui/empty-state";
import { PageHead } from "../ui/page-head";
import { ProblemPanel } from "../ui/problem-panel";
import { HealthCharts } from "./health-charts";
import { HealthGoldens } from "./health-goldens";
import classes from "./health-page.module.css";
import { sessionPath } from "./paths";

const RANGES = [
  { value: "1", label: "health.hours24" },
  { value: "7", label: "health.days7" },
  { value: "30", label: "health.days30" },
] as const;
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
        title={t("health.title")}
        action={
          <div className={classes.actions}>
            <SegmentedControl
              aria-label={t("health.howFarBack")}
              data={RANGES.map(({ value, label }) => ({ value, label: t(label) }))}
              value={days}
              onChange={setDays}
            />
            <Button
              variant="default"
              leftSection={<IconRefresh size={16} aria-hidden="true" />}
              loading={failures.isRefetching || host.isRefetching}
              onClick={lookAgain}
            >
              {t("health.lookAgain")}
            </Button>
          </div>
        }
      >
        {t("health.about")}
      </PageHead>
      <div className={classes.parts}>
        {failures.isPending && <Skeleton height={250} radius="lg" />}
        {failures.isError && (
          <ProblemPanel
            title={t("health.failuresUnreadable")}
            problem={asProblem(failures.error)}
            action={<Button onClick={lookAgain}>{t("common.tryAgain")}</Button>}
          />
        )}
        {failures.data !== undefined && <Found failures={failures.data} />}
        {host.isPending && <Skeleton height={220} radius="lg" />}
        {host.isError && <ProblemPanel title={t("health.hostUnreadable")} problem={asProblem(host.error)} />}
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
      <EmptyState icon={<IconHeartbeat size={32} />} title={t("health.empty")}>
        {t("health.emptyText", { whose: failures.of_everybody ? "all" : "yours" })}
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
      <section aria-label={t("health.goldens")}>
        <h2 className={classes.heading}>{t("health.byGolden")}</h2>
        <HealthGoldens goldens={failures.goldens} />
      </section>
    </>
  );
}
