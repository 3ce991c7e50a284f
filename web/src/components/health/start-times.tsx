import type { ReactNode } from "react";

import type { Starts, StartTimes as Times } from "../../api/types";
import { rich, t } from "../../i18n";
import { Panel } from "../../ui/panel";
import { duration } from "../../ui/time";
import classes from "./start-times.module.css";

interface Props {
  starts: Starts;
  goldenLink: (id: string) => ReactNode;
}

/** How long machines took from being asked for to being confirmed, golden by golden. */
export function StartTimes({ starts: { goldens, bounds_s, of_everybody }, goldenLink }: Props) {
  return (
    <Panel
      title={t("health.startTimes")}
      aside={
        <span className={classes.soft}>
          {of_everybody ? t("health.allMachines") : t("health.yourMachines")}
        </span>
      }
    >
      {goldens.length === 0 && <p className={classes.none}>{t("health.noneStarted")}</p>}
      <ul className={classes.list}>
        {goldens.map((times) => (
          <li key={`${times.golden_id} ${times.driver}`} className={classes.row}>
            <div className={classes.words}>
              {goldenLink(times.golden_id)}
              <span className={classes.soft}>
                {times.driver}, {machines(sum(times.counts))}
              </span>
              <span>
                {rich("health.halfWithin", {
                  p50: duration(times.p50_s),
                  p99: duration(times.p99_s),
                  soft: (text) => <span className={classes.soft}>{text}</span>,
                })}
              </span>
            </div>
            <Bars times={times} bounds={bounds_s} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Bars({ times, bounds }: { times: Times; bounds: readonly number[] }) {
  const most = Math.max(1, ...times.counts);
  return (
    <figure className={classes.figure}>
      <div className={classes.bars} role="img" aria-label={summaryOf(times, bounds)}>
        {times.counts.map((count, index) => (
          <div key={bounds[index] ?? "more"} className={classes.bar} title={barWords(count, index, bounds)}>
            <div
              className={classes.fill}
              data-some={count > 0}
              style={{ height: `${(100 * count) / most}%` }}
            />
          </div>
        ))}
      </div>
      <figcaption className={classes.axis} aria-hidden="true">
        {times.counts.map((_, index) => (
          <span key={bounds[index] ?? "more"}>{short(index, bounds)}</span>
        ))}
      </figcaption>
    </figure>
  );
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

const machines = (count: number): string => t("health.machines", { count });

/** What there is room for below a bar: the first tells the unit, the last one has no end. */
function short(index: number, bounds: readonly number[]): string {
  const bound = bounds[index];
  if (bound === undefined) return "∞";
  return `${String(bound).replace(/^0/, "")}${index === 0 ? " s" : ""}`;
}

function barWords(count: number, index: number, bounds: readonly number[]): string {
  const [from, to] = [bounds[index - 1] ?? 0, bounds[index]];
  const said = machines(count);
  return to === undefined
    ? t("health.over", { from, machines: said })
    : t("health.fromTo", { from, to, machines: said });
}

/** What the bars show, for who does not see them. */
export function summaryOf({ golden_id, counts }: Times, bounds: readonly number[]): string {
  const said = counts.flatMap((count, index) => (count === 0 ? [] : [barWords(count, index, bounds)]));
  return t("health.startTimesOf", { id: golden_id, said: said.join("; ") });
}
