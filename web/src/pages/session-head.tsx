import { VisuallyHidden } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { Link } from "wouter";

import * as client from "../api/client";
import { asProblem } from "../api/problem";
import { useSessionAction } from "../api/queries";
import { isFinal, type Session } from "../api/types";
import { CancelButton } from "../components/session/cancel-button";
import { Deadline } from "../components/session/deadline";
import { STATUS_WORDS } from "../components/session/status-words";
import { t } from "../i18n";
import { Pill } from "../ui/pill";
import { ProblemPanel } from "../ui/problem-panel";
import { PATHS } from "./paths";
import classes from "./session-page.module.css";

/** Which tool, how it stands, how long it may take, and the way out. */
export function SessionHead({ session, live }: { session: Session; live: boolean }) {
  const cancel = useSessionAction(() => client.cancel(session.session_id));
  const extend = useSessionAction(() => client.heartbeat(session.session_id));
  const { text, tone } = STATUS_WORDS[session.status];
  return (
    <>
      <header className={classes.head}>
        <Link href={PATHS.connect} className={classes.back}>
          <IconArrowLeft size={18} aria-hidden="true" />
          <VisuallyHidden>{t("session.backToTools")}</VisuallyHidden>
        </Link>
        <h1>{session.provider_title}</h1>
        <span role="status">
          <Pill tone={tone}>{t(text)}</Pill>
        </span>
        {/* There before somebody begins to watch, or that would not be read out. */}
        <span role="status" className={classes.watchers}>
          {session.watchers > 0 && (
            <Pill tone="warn">{t("session.watching", { count: session.watchers })}</Pill>
          )}
        </span>
        {!live && <span className={classes.feed}>{t("common.reconnecting")}</span>}
        <span className={classes.space} />
        {session.deadline_at !== null && !isFinal(session.status) && (
          <Deadline
            at={session.deadline_at}
            extend={
              session.actions.includes("heartbeat")
                ? {
                    busy: extend.isPending,
                    act: () => {
                      extend.mutate(undefined);
                    },
                  }
                : null
            }
          />
        )}
        {session.actions.includes("cancel") && (
          <CancelButton
            tool={session.provider_title}
            busy={cancel.isPending}
            cancel={() => {
              cancel.mutate(undefined);
            }}
          />
        )}
      </header>
      {extend.isError && <ProblemPanel title={t("session.notExtended")} problem={asProblem(extend.error)} />}
      {cancel.isError && <ProblemPanel title={t("session.notCancelled")} problem={asProblem(cancel.error)} />}
    </>
  );
}
