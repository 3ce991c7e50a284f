import type { Session } from "../../api/types";
import { t } from "../../i18n";
import classes from "./preparing.module.css";
import { queueWords } from "./queue-words";
import { railSteps, STEP_WORDS } from "./rail";

/** What is on the page while there is no desktop yet: what is being done, or what is waited for and where. */
export function Preparing({ session }: { session: Session }) {
  const current = railSteps(session).find((step) => step.state === "current");
  const working = current === undefined ? t("session.preparing") : t(STEP_WORDS[current.step].working);
  const queue = queueWords(session);
  return (
    <div className={classes.preparing}>
      <svg className={classes.door} viewBox="0 0 80 110" aria-hidden="true">
        <path className={classes.light} d="M10 108V42a30 30 0 0 1 60 0v66z" />
        <path className={classes.leaf} d="M10 108V42a30 30 0 0 1 60 0v66z" />
      </svg>
      <h2>{queue === null ? `${working}…` : t("session.waitingForMachine")}</h2>
      {queue !== null && (
        <p role="status">
          {queue.place}
          {queue.reason === null ? "." : <span lang="en">: {queue.reason}</span>}
        </p>
      )}
      <p>{t("session.appearsHere")}</p>
    </div>
  );
}
