import type { Session } from "../../api/types";
import classes from "./preparing.module.css";
import { queueWords } from "./queue-words";
import { railSteps, STEP_WORDS } from "./rail";

/** What is on the page while there is no desktop yet: what is being done, or what is waited for and where. */
export function Preparing({ session }: { session: Session }) {
  const current = railSteps(session).find((step) => step.state === "current");
  const working = current === undefined ? "Preparing" : STEP_WORDS[current.step].working;
  const queue = queueWords(session);
  return (
    <div className={classes.preparing}>
      <svg className={classes.door} viewBox="0 0 80 110" aria-hidden="true">
        <path className={classes.light} d="M10 108V42a30 30 0 0 1 60 0v66z" />
        <path className={classes.leaf} d="M10 108V42a30 30 0 0 1 60 0v66z" />
      </svg>
      <h2>{queue === null ? `${working}…` : "Waiting for a machine…"}</h2>
      {queue !== null && <p role="status">{queue}</p>}
      <p>The desktop appears here by itself as soon as there is one.</p>
    </div>
  );
}
