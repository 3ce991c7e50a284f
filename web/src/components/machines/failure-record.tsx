import type { Failure } from "../../api/types";
import { t } from "../../i18n";
import { Evidence } from "../../ui/evidence";
import { Facts } from "../../ui/facts";
import { Panel } from "../../ui/panel";
import { ProblemPanel } from "../../ui/problem-panel";
import classes from "./failure-record.module.css";
import { stageWords } from "./stage-words";

/** Why it failed, how far it had come, and what was kept of it. */
export function FailureRecord({ title, failure }: { title: string; failure: Failure }) {
  return (
    <Panel title={t("machines.failure")}>
      <div className={classes.record}>
        <ProblemPanel title={title} problem={failure} />
        <Facts
          unknown={t("machines.notRecorded")}
          facts={[
            { name: t("machines.reached"), value: stageWords(failure.stage), copyable: false },
            {
              name: t("machines.tryingAgain"),
              value: failure.retryable ? t("machines.mayHelp") : t("machines.doesNotHelp"),
              copyable: false,
            },
          ]}
        />
        <Evidence evidence={failure.evidence} />
      </div>
    </Panel>
  );
}
