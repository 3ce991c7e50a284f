import { useQuery } from "@tanstack/react-query";

import { timelineQuery } from "../api/queries";
import type { Session } from "../api/types";
import { Timeline } from "../components/session/timeline";
import { isSettling } from "../components/session/timeline-steps";
import { t } from "../i18n";
import classes from "./session-page.module.css";

const SETTLING_MS = 1000;

/** Where the time of this sign-in went.  Its events renew it; after the last one only its machine ends. */
export function SessionTimeline({ session }: { session: Session }) {
  const timeline = useQuery({
    ...timelineQuery(session.session_id),
    refetchInterval: ({ state }) =>
      isSettling(session, state.data?.steps ?? [], Date.now()) ? SETTLING_MS : false,
  });
  const steps = timeline.data?.steps ?? [];
  if (steps.length === 0) return null;
  return (
    <section className={classes.box}>
      <h2>{t("session.timeline")}</h2>
      <Timeline steps={steps} />
    </section>
  );
}
