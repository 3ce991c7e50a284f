import type { ReactNode } from "react";

import type { FailureExample, FailureReason } from "../../api/types";
import { t } from "../../i18n";
import { Ago } from "../../ui/ago";
import { brief } from "../../ui/brief";
import { Panel } from "../../ui/panel";
import classes from "./reasons-list.module.css";
import { percent } from "../../ui/quantities";

interface Props {
  reasons: readonly FailureReason[];
  failed: number;
  picked: string | null;
  pick: (code: string | null) => void;
  /** A link to a session, with these words. */
  sessionLink: (id: string, words: string) => ReactNode;
}

/** Every reason that sign-ins failed for, most first; pressing one picks it out in the chart. */
export function ReasonsList({ reasons, failed, picked, pick, sessionLink }: Props) {
  return (
    <Panel title={t("health.whyFailed")} aside={<span className={classes.hint}>{t("health.pressOne")}</span>}>
      <ul className={classes.reasons}>
        {reasons.map((reason) => (
          <li key={reason.code} className={classes.reason} data-picked={reason.code === picked}>
            <button
              type="button"
              className={classes.code}
              aria-pressed={reason.code === picked}
              onClick={() => {
                pick(reason.code === picked ? null : reason.code);
              }}
            >
              <code>{reason.code}</code>
            </button>
            <span className={classes.count}>
              {reason.count} <span className={classes.soft}>{percent(reason.count / failed)}</span>
            </span>
            <span className={classes.track} aria-hidden="true">
              <span style={{ width: `${(100 * reason.count) / failed}%` }} />
            </span>
            <p className={classes.goldens}>{goldensOf(reason)}</p>
            <Examples examples={reason.examples} sessionLink={sessionLink} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function goldensOf(reason: FailureReason): string {
  const named = reason.goldens.map(({ golden_id, count }) =>
    golden_id === null
      ? t("health.beforeMachineCount", { count })
      : t("health.countFrom", { count, id: brief(golden_id) }),
  );
  return named.join(", ");
}

function Examples({
  examples,
  sessionLink,
}: {
  examples: readonly FailureExample[];
  sessionLink: Props["sessionLink"];
}) {
  if (examples.length === 0) return <p className={classes.soft}>{t("health.noneYours")}</p>;
  return (
    <ul className={classes.examples}>
      {examples.map((example) => (
        <li key={example.session_id}>
          {sessionLink(example.session_id, example.provider)} <Ago at={example.at} />
          <span className={classes.cause} lang="en">
            {example.cause}
          </span>
        </li>
      ))}
    </ul>
  );
}
