import { SegmentedControl, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { machineLogsQuery, useLog } from "../api/machine-queries";
import { asProblem } from "../api/problem";
import { LogView } from "../components/machines/log-view";
import { t } from "../i18n";
import { Panel } from "../ui/panel";
import { ProblemPanel } from "../ui/problem-panel";
import { Reconnecting } from "./reconnecting";
import classes from "./side-drawer.module.css";

/** A machine's logs as they grow, one at a time. */
export function MachineLogs({ id, version }: { id: string; version: string }) {
  const logs = useQuery(machineLogsQuery(id, version));
  const [chosen, choose] = useState<string | null>(null);
  const names = (logs.data ?? []).map(({ name }) => name);
  const shown = names.find((name) => name === chosen) ?? names[0];
  return (
    <Panel
      title={t("machines.logs")}
      aside={
        names.length > 1 &&
        shown !== undefined && (
          <SegmentedControl
            aria-label={t("machines.whichLog")}
            size="xs"
            data={names}
            value={shown}
            onChange={choose}
          />
        )
      }
    >
      {logs.isPending && <Skeleton height={200} radius="md" />}
      {logs.isError && <ProblemPanel title={t("machines.logsUnreadable")} problem={asProblem(logs.error)} />}
      {logs.data?.length === 0 && <p className={classes.untried}>{t("machines.nothingToRead")}</p>}
      {shown !== undefined && <Log key={`${shown} ${version}`} id={id} name={shown} />}
    </Panel>
  );
}

function Log({ id, name }: { id: string; name: string }) {
  const { tail, feed } = useLog(id, name);
  if (tail === null) return <Skeleton height={360} radius="md" />;
  return (
    <>
      <LogView name={name} text={tail.text} live={!tail.ended} />
      {!tail.whole && <p className={classes.below}>{t("machines.leftOut")}</p>}
      {!tail.ended && <Reconnecting feed={feed} />}
    </>
  );
}
