import type { CustodyStep } from "../../api/types";
import { day } from "../../ui/time";
import { stepWords } from "./credential-words";
import classes from "./custody-history.module.css";

/** Who had it when, the first step first. */
export function CustodyHistory({ steps }: { steps: readonly CustodyStep[] }) {
  return (
    <ol className={classes.steps}>
      {steps.map((step) => (
        <li key={`${step.at} ${step.custody}`}>
          <span>{stepWords(step)}</span> <time dateTime={step.at}>{day(step.at)}</time>
        </li>
      ))}
    </ol>
  );
}
