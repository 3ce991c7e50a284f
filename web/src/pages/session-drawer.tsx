import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { listedSessionQuery, sessionTimelineQuery } from "../api/machine-queries";
import { asProblem } from "../api/problem";
import { meQuery } from "../api/queries";
import type { SessionDetail, SessionListed } from "../api/types";
import { FailureRecord } from "../components/machines/failure-record";
import { LISTED_STATUS_WORDS } from "../components/session/status-words";
import { t } from "../i18n";
import { Facts } from "../ui/facts";
import { Panel } from "../ui/panel";
import { Pill } from "../ui/pill";
import { ProblemPanel } from "../ui/problem-panel";
import { day } from "../ui/time";
import { goldenPath, machinePath, sessionPath } from "./paths";
import { SideDrawer } from "./side-drawer";
import classes from "./side-drawer.module.css";
import { TimelinePanel } from "./timeline-panel";

interface Props {
  id: string | null;
  /** What the table knows of it; undefined: it is on another page. */
  row: SessionListed | undefined;
  close: () => void;
}

/** One sign-in beside the table: facts, timeline, failure. */
export function SessionDrawer({ id, row, close }: Props) {
  return (
    <SideDrawer what={t("common.session")} id={id} close={close}>
      {(shown) => <Opened key={shown} id={shown} version={row?.status ?? ""} />}
    </SideDrawer>
  );
}

function Opened({ id, version }: { id: string; version: string }) {
  const detail = useQuery(listedSessionQuery(id, version));
  const timeline = useQuery(sessionTimelineQuery(id, version));
  if (detail.isError) {
    return (
      <ProblemPanel
        title={t("session.cannotBeShown")}
        problem={asProblem(detail.error)}
        action={<Button onClick={() => void detail.refetch()}>{t("common.tryAgain")}</Button>}
      />
    );
  }
  if (detail.data === undefined) return <Skeleton height={480} radius="lg" />;
  return (
    <>
      <Head session={detail.data.session} />
      {detail.data.failure !== null && (
        <FailureRecord title={t("session.didNotEndWell")} failure={detail.data.failure} />
      )}
      <SessionFacts detail={detail.data} />
      <TimelinePanel timeline={timeline} />
    </>
  );
}

function Head({ session }: { session: SessionListed }) {
  const me = useQuery(meQuery).data;
  const { text, tone } = LISTED_STATUS_WORDS[session.status];
  return (
    <div className={classes.standing}>
      <div className={classes.state}>
        <Pill tone={tone}>{t(text)}</Pill>
        <span>{t("session.signedInTo", { owner: session.owner, tool: session.provider })}</span>
      </div>
      {me?.name === session.owner && (
        <Link href={sessionPath(session.session_id)}>{t("session.openItsPage")}</Link>
      )}
    </div>
  );
}

function SessionFacts({ detail: { session, stages } }: { detail: SessionDetail }) {
  return (
    <Panel
      title={t("common.facts")}
      aside={
        <span className={classes.links}>
          {session.vm_id !== null && <Link href={machinePath(session.vm_id)}>{t("session.itsMachine")}</Link>}
          {session.golden_id !== null && (
            <Link href={goldenPath(session.golden_id)}>{t("session.itsGolden")}</Link>
          )}
        </span>
      }
    >
      <Facts
        unknown={t("session.none")}
        facts={[
          { name: t("common.machine"), value: session.vm_id, copyable: true },
          { name: t("common.golden"), value: session.golden_id, copyable: true },
          { name: t("common.driver"), value: session.driver, copyable: false },
          ...stages.map(({ status, at }) => ({
            name: t(LISTED_STATUS_WORDS[status].text),
            value: day(at),
            copyable: false,
          })),
        ]}
      />
    </Panel>
  );
}
