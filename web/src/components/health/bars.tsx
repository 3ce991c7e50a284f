import type { FailureBar } from "../../api/types";
import { t } from "../../i18n";
import { moment } from "../../ui/time";
import classes from "./bars.module.css";
import { barStart, barWords } from "./words";

interface Props {
  bars: readonly FailureBar[];
  barS: number;
  /** A reason that is picked out, and how often it was one in each bar. */
  picked: { code: string; overTime: readonly number[] } | null;
}

/** Sign-ins over time: completed below, failed on top; a picked reason stands out from the other failures. */
export function Bars({ bars, barS, picked }: Props) {
  const most = Math.max(1, ...bars.map(({ score }) => score.completed + score.failed));
  const share = (count: number) => ({ height: `${(100 * count) / most}%` });
  return (
    <figure className={classes.figure}>
      <div className={classes.scale} aria-hidden="true">
        <span>{most}</span>
        <span>0</span>
      </div>
      <div
        className={classes.bars}
        role="img"
        aria-label={summaryOf(bars, picked)}
        data-picked={picked !== null}
      >
        {bars.map((bar, index) => {
          const mine = picked?.overTime[index] ?? 0;
          return (
            <div key={bar.since} className={classes.bar} title={barWords(bar, barS)}>
              <div className={classes.mine} style={share(mine)} />
              <div className={classes.failed} style={share(bar.score.failed - mine)} />
              <div className={classes.completed} style={share(bar.score.completed)} />
            </div>
          );
        })}
      </div>
      <figcaption className={classes.axis}>
        <span>{barStart(bars[0]?.since ?? "", barS)}</span>
        <span className={classes.key}>
          {picked !== null && <Key what="mine" text={picked.code} />}
          <Key what="failed" text={picked === null ? t("health.failedKey") : t("health.failedOtherwise")} />
          <Key what="completed" text={t("health.completedKey")} />
        </span>
        <span>{t("health.now")}</span>
      </figcaption>
    </figure>
  );
}

function Key({ what, text }: { what: "mine" | "failed" | "completed"; text: string }) {
  return (
    <span className={classes.entry} data-what={what}>
      {text}
    </span>
  );
}

function summaryOf(bars: readonly FailureBar[], picked: Props["picked"]): string {
  const worst = bars.reduce((before, bar) => (bar.score.failed > before.score.failed ? bar : before));
  const code = picked?.code ?? "none";
  if (worst.score.failed === 0) return t("health.summaryNone", { code });
  return t("health.summaryMost", { code, count: worst.score.failed, since: moment(worst.since) });
}
