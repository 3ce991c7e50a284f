import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";

import { machineQuery, machineTimelineQuery } from "../api/machine-queries";
import { asProblem } from "../api/problem";
import type { Machine, MachineListed } from "../api/types";
import { FailureRecord } from "../components/machines/failure-record";
import { isolationWords, MACHINE_TONES, machineState } from "../components/machines/machine-words";
import { rich, t } from "../i18n";
import { brief } from "../ui/brief";
import { Facts } from "../ui/facts";
import { Panel } from "../ui/panel";
import { Pill } from "../ui/pill";
import { ProblemPanel } from "../ui/problem-panel";
import { day, duration, secondsBetween } from "../ui/time";
import { MachineLogs } from "./machine-logs";
import { goldenPath } from "./paths";
import { SideDrawer } from "./side-drawer";
import classes from "./side-drawer.module.css";
import { TimelinePanel } from "./timeline-panel";

interface Props {
  id: string | null;
  /** What the table knows of it; undefined: it is on another page. */
  row: MachineListed | undefined;
  sessionLink: (id: string) => ReactNode;
  close: () => void;
}

/** One machine beside the table: facts, timeline, failure, logs. */
export function MachineDrawer({ id, row, sessionLink, close }: Props) {
  return (
    <SideDrawer what={t("common.machine")} id={id} close={close}>
      {(shown) => <Opened key={shown} id={shown} row={row} sessionLink={sessionLink} />}
    </SideDrawer>
  );
}

/** Changes whenever there is more to read of it. */
const versionOf = (row: MachineListed | undefined): string =>
  row === undefined ? "" : [row.status, row.paused, row.running_at, row.ended_at].join(" ");

function Opened({ id, row, sessionLink }: Pick<Props, "row" | "sessionLink"> & { id: string }) {
  const version = versionOf(row);
  const machine = useQuery(machineQuery(id, version));
  const timeline = useQuery(machineTimelineQuery(id, version));
  if (machine.isError) {
    return (
      <ProblemPanel
        title={t("machines.cannotBeShown")}
        problem={asProblem(machine.error)}
        action={<Button onClick={() => void machine.refetch()}>{t("common.tryAgain")}</Button>}
      />
    );
  }
  if (machine.data === undefined) return <Skeleton height={480} radius="lg" />;
  const { failure, status, paused, golden_id, session_id } = machine.data;
  return (
    <>
      <div className={classes.state}>
        <Pill tone={paused ? "quiet" : MACHINE_TONES[status]}>{machineState(paused, status)}</Pill>
        <span>
          {rich(session_id === null ? "machines.fromGolden" : "machines.fromGoldenFor", {
            golden: <Link href={goldenPath(golden_id)}>{golden_id}</Link>,
            session: session_id === null ? null : sessionLink(session_id),
          })}
        </span>
      </div>
      {failure !== null && <FailureRecord title={t("machines.machineFailed")} failure={failure} />}
      <Panel title={t("common.facts")}>
        <MachineFacts machine={machine.data} owner={row?.owner ?? null} />
      </Panel>
      <TimelinePanel timeline={timeline} />
      <MachineLogs id={id} version={version} />
    </>
  );
}

function MachineFacts({ machine, owner }: { machine: Machine; owner: string | null }) {
  const ended = machine.ended_at;
  return (
    <Facts
      unknown={t("machines.notKnown")}
      facts={[
        ...(owner === null ? [] : [{ name: t("common.owner"), value: owner, copyable: false }]),
        { name: t("machines.address"), value: machine.vm_ip, copyable: true },
        { name: t("common.isolation"), value: isolationWords(machine), copyable: false },
        { name: t("machines.host"), value: machine.host, copyable: false },
        {
          name: t("machines.process"),
          value: machine.pid === null ? null : String(machine.pid),
          copyable: true,
        },
        {
          name: t("common.agentBuild"),
          value: machine.agent_build,
          shown: machine.agent_build === null ? null : brief(machine.agent_build),
          copyable: true,
        },
        { name: t("machines.signed"), value: machine.golden?.signature ?? null, copyable: false },
        { name: t("machines.created"), value: day(machine.created_at), copyable: false },
        {
          name: t("machines.lived"),
          value:
            ended === null ? t("machines.stillLives") : duration(secondsBetween(machine.created_at, ended)),
          copyable: false,
        },
      ]}
    />
  );
}
