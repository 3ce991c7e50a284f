import type { Failure } from "../../api/types";
import { Evidence } from "../../ui/evidence";
import { Facts } from "../../ui/facts";
import { Panel } from "../../ui/panel";
import { ProblemPanel } from "../../ui/problem-panel";
import classes from "./failure-record.module.css";

/** Why it failed, how far it had come, and what was kept of it. */
export function FailureRecord({ title, failure }: { title: string; failure: Failure }) {
  return (
    <Panel title="Failure">
      <div className={classes.record}>
        <ProblemPanel title={title} problem={failure} />
        <Facts
          unknown="not recorded"
          facts={[
            { name: "Reached", value: failure.stage, copyable: false },
            {
              name: "Trying again",
              value: failure.retryable ? "may help" : "does not help",
              copyable: false,
            },
          ]}
        />
        <Evidence evidence={failure.evidence} />
      </div>
    </Panel>
  );
}
