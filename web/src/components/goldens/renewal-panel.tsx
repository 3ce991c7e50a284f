import type { ReactNode } from "react";

import type { Outcome, Renewal } from "../../api/types";
import { rich, t, type PlainKey } from "../../i18n";
import { Ago } from "../../ui/ago";
import { Evidence } from "../../ui/evidence";
import { Panel } from "../../ui/panel";
import { Pill, type Tone } from "../../ui/pill";
import { ProblemPanel } from "../../ui/problem-panel";
import { duration, running, secondsBetween, toGo } from "../../ui/time";
import { useNow } from "../../ui/use-now";
import { BuildLog } from "./build-log";
import classes from "./renewal-panel.module.css";
import { StepGroups } from "./step-groups";
import { hasLog } from "./steps";

const OUTCOMES: Record<Outcome, { text: PlainKey; tone: Tone; title: PlainKey | null }> = {
  promoted: { text: "goldens.promoted", tone: "good", title: null },
  rejected: { text: "goldens.rejected", tone: "bad", title: "goldens.canaryFailed" },
  failed: { text: "goldens.failed", tone: "bad", title: "goldens.renewalFailed" },
};

interface Props {
  renewal: Renewal;
  /** Where a rejected golden's report is. */
  report: ReactNode;
}

/** The renewal under way, or the last one: its steps, its log, how it ended. */
export function RenewalPanel({ renewal, report }: Props) {
  const { outcome, failure } = renewal;
  return (
    <Panel
      title={outcome === null ? t("goldens.renewalTitle") : t("goldens.lastRenewal")}
      aside={<HowItStands renewal={renewal} />}
    >
      <p className={classes.what}>
        {rich("goldens.renewalWhy", { id: renewal.golden_id, why: <span lang="en">{renewal.why}</span> })}
      </p>
      {outcome !== null && failure !== null && (
        <div className={classes.failure}>
          <ProblemPanel
            title={t(OUTCOMES[outcome].title ?? "goldens.renewalFailed")}
            problem={failure}
            {...(outcome === "rejected" ? { action: report } : {})}
          />
          <Evidence evidence={failure.evidence} />
        </div>
      )}
      {renewal.steps.length > 0 && (
        <div className={classes.body} data-log={hasLog(renewal)}>
          <StepGroups key={renewal.began_at} renewal={renewal} />
          {hasLog(renewal) && <BuildLog lines={renewal.log} live={outcome === null} />}
        </div>
      )}
    </Panel>
  );
}

function HowItStands({ renewal: { outcome, began_at, ended_at, expected_end_at } }: { renewal: Renewal }) {
  if (outcome === null || ended_at === null) return <UnderWay since={began_at} until={expected_end_at} />;
  const { text, tone } = OUTCOMES[outcome];
  return (
    <span className={classes.standing} role="status">
      <span>
        {rich("goldens.endedAfter", {
          ago: <Ago at={ended_at} />,
          duration: duration(secondsBetween(began_at, ended_at)),
        })}
      </span>
      <Pill tone={tone}>{t(text)}</Pill>
    </span>
  );
}

/** What it has taken so far and, where all of it was done here before, about how long it will go on. */
function UnderWay({ since, until }: { since: string; until: string | null }) {
  const now = new Date(useNow(1000)).toISOString();
  return (
    <span className={classes.standing}>
      <span>
        <span role="timer">{running(secondsBetween(since, now))}</span>
        {until !== null && `, ${toGo(secondsBetween(now, until))}`}
      </span>
      <Pill tone="busy">{t("goldens.underWay")}</Pill>
    </span>
  );
}
