import type { Failures } from "../../api/types";
import { Bars } from "./bars";
import classes from "./score-band.module.css";
import { percent, signIns, toneOf } from "./words";

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
    <section className={classes.band} aria-label="Sign-ins" data-tone={toneOf(score.success_rate)}>
      <div className={classes.score}>
        <p className={classes.rate}>
          <strong>{percent(score.success_rate)}</strong> succeeded
        </p>
        <p className={classes.about}>
          of {signIns(score.completed + score.failed)} {of_everybody ? "of all users" : "of yours"} that ended
          by themselves
        </p>
        <dl className={classes.counts}>
          <Count name="Completed" value={score.completed} />
          <Count name="Failed" value={score.failed} />
          <Count name="Cancelled" value={score.cancelled} />
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
