import type { Failures } from "../../api/types";
import { rich, t } from "../../i18n";
import { Bars } from "./bars";
import classes from "./score-band.module.css";
import { percent } from "../../ui/quantities";
import { toneOf } from "./words";

interface Props {
  failures: Failures;
  /** A reason's code that is picked out; null: none. */
  picked: string | null;
}

/** How many sign-ins succeeded, in one number, in three, and over time. */
export function ScoreBand({ failures, picked }: Props) {
  const { score, bars, bar_s, of_everybody, reasons } = failures;
  const reason = reasons.find(({ code }) => code === picked);
  return (
    <section className={classes.band} aria-label={t("health.signIns")} data-tone={toneOf(score.success_rate)}>
      <div className={classes.score}>
        <p className={classes.rate}>{rich("health.succeeded", { rate: percent(score.success_rate) })}</p>
        <p className={classes.about}>
          {t("health.ofEnded", {
            count: score.completed + score.failed,
            whose: of_everybody ? "all" : "yours",
          })}
        </p>
        <dl className={classes.counts}>
          <Count name={t("health.completed")} value={score.completed} />
          <Count name={t("health.failed")} value={score.failed} />
          <Count name={t("health.cancelled")} value={score.cancelled} />
        </dl>
      </div>
      <Bars
        bars={bars}
        barS={bar_s}
        picked={reason === undefined ? null : { code: reason.code, overTime: reason.over_time }}
      />
    </section>
  );
}

function Count({ name, value }: { name: string; value: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
