import { useQuery } from "@tanstack/react-query";

import * as client from "../api/client";
import { asProblem } from "../api/problem";
import { providersQuery, useSessionAction } from "../api/queries";
import { isFinal, type Session } from "../api/types";
import { FLOW_WORDS } from "../components/flow-words";
import { MachineFacts } from "../components/session/machine-facts";
import { Notices } from "../components/session/notices";
import { SignInBox } from "../components/session/sign-in-box";
import { StepRail } from "../components/session/step-rail";
import { t } from "../i18n";
import { ProblemPanel } from "../ui/problem-panel";
import classes from "./session-page.module.css";
import { SessionTimeline } from "./session-timeline";

/** How this sign-in goes, and what the tool's file tells whoever signs in, where they need it. */
function Hint({ provider, flow }: Pick<Session, "provider" | "flow">) {
  const notes = useQuery(providersQuery).data?.find((one) => one.name === provider)?.notes ?? null;
  const way = flow === null ? null : t(FLOW_WORDS[flow].text);
  if (way === null && notes === null) return null;
  return (
    <p className={classes.hint}>
      {way} {notes !== null && <span lang="en">{notes}</span>}
    </p>
  );
}

/** Beside the desktop: what to do, how far it is, what machine it is. */
export function SessionSide({ session }: { session: Session }) {
  const openUrl = useSessionAction((url: string) => client.openUrl(session.session_id, url));
  const paste = useSessionAction((text: string) => client.paste(session.session_id, text));
  return (
    <aside className={classes.side} aria-label={t("session.theSignIn")}>
      <Notices session={session} />
      {!isFinal(session.status) && (
        <>
          <Hint provider={session.provider} flow={session.flow} />
          <SignInBox
            session={session}
            actions={{ openUrl: openUrl.mutate, opening: openUrl.isPending, paste: paste.mutateAsync }}
          />
        </>
      )}
      {openUrl.isError && <ProblemPanel title={t("session.notOpened")} problem={asProblem(openUrl.error)} />}
      <section className={classes.box}>
        <h2>{t("common.steps")}</h2>
        <StepRail session={session} />
      </section>
      <SessionTimeline session={session} />
      <section className={classes.box}>
        <h2>{t("common.machine")}</h2>
        <MachineFacts session={session} />
      </section>
    </aside>
  );
}
