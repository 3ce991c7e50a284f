import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { Link } from "wouter";

import * as client from "../api/client";
import { asProblem, isAbsent } from "../api/problem";
import { sessionQuery, useSessionAction, useSessionEvents } from "../api/queries";
import { isFinal, type Session } from "../api/types";
import { markFirstFrame } from "../components/desktop/first-frame";
import { useNoStrayDrops } from "../components/files/stray-drops";
import { STATUS_WORDS } from "../components/session/status-words";
import { useHeartbeat } from "../components/session/use-heartbeat";
import { t } from "../i18n";
import { useDocumentTitle } from "../ui/page-head";
import { ProblemPanel } from "../ui/problem-panel";
import { PATHS } from "./paths";
import { SessionArea } from "./session-area";
import { SessionHead } from "./session-head";
import classes from "./session-page.module.css";
import { SessionSide } from "./session-side";

/** One sign-in, from the first moment to its end. */
export function SessionPage({ id }: { id: string }) {
  const session = useQuery(sessionQuery(id));
  const gone = isAbsent(session.error);
  const open = !gone && (session.data === undefined || !isFinal(session.data.status));
  const feed = useSessionEvents(id, open);
  const { refetch } = session;
  useEffect(() => {
    // A feed that the server refused: ask once what has become of the session (signed out, gone, or back soon).
    if (feed === "lost") void refetch();
  }, [feed, refetch]);
  if (session.data !== undefined && !gone)
    return <Loaded session={session.data} live={feed === "live" || !open} />;
  if (session.isError) return <Unreadable error={session.error} retry={() => void refetch()} />;
  return <Skeleton className={classes.loading} radius="lg" />;
}

function Loaded({ session, live }: { session: Session; live: boolean }) {
  useDocumentTitle(`${session.provider_title}: ${t(STATUS_WORDS[session.status].text)}`);
  const beat = useSessionAction(() => client.heartbeat(session.session_id));
  useHeartbeat(session.actions.includes("heartbeat"), () => {
    beat.mutate(undefined);
  });
  const onFirstFrame = useFirstFrameReport(session.session_id);
  useNoStrayDrops();
  return (
    <div className={classes.page}>
      <SessionHead session={session} live={live} />
      <div className={classes.body}>
        <div className={classes.area}>
          <SessionArea session={session} onFirstFrame={onFirstFrame} />
        </div>
        <SessionSide session={session} />
      </div>
    </div>
  );
}

/** Tells the controller once how long the first frame took, if this page began with the click. */
function useFirstFrameReport(id: string): () => void {
  const { mutate } = useSessionAction((ms: number) => client.firstFrame(id, ms));
  return useCallback(() => {
    const ms = markFirstFrame(id);
    if (ms !== null) mutate(ms);
  }, [id, mutate]);
}

function Unreadable({ error, retry }: { error: unknown; retry: () => void }) {
  useDocumentTitle(t("common.session"));
  return (
    <div className={classes.unreadable}>
      <ProblemPanel
        title={t("session.cannotBeShown")}
        problem={asProblem(error)}
        action={<Button onClick={retry}>{t("common.tryAgain")}</Button>}
      />
      <Link href={PATHS.connect}>{t("session.backToTools")}</Link>
    </div>
  );
}
