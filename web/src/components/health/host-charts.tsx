import type { HostHistory, HostSample } from "../../api/types";
import { t } from "../../i18n";
import { Panel } from "../../ui/panel";
import { clockMinutes } from "../../ui/time";
import classes from "./host-charts.module.css";
import { bytes, percent } from "../../ui/quantities";

const WIDTH = 600;
const HEIGHT = 120;

/** What the host's processors and memory were busy with, in this controller's last hours. */
export function HostCharts({ history: { host, samples } }: { history: HostHistory }) {
  const last = samples.at(-1);
  return (
    <Panel title={t("health.hostCharts")} aside={<span className={classes.soft}>{host}</span>}>
      {last === undefined || samples.length < 2 ? (
        <p className={classes.none}>{t("health.firstPoints")}</p>
      ) : (
        <div className={classes.charts}>
          <Line
            name={t("health.cpuBusy")}
            now={percent(last.cpu_busy)}
            samples={samples}
            share={({ cpu_busy }) => cpu_busy}
            words={(share) => percent(share)}
          />
          <Line
            name={t("health.memoryUsed")}
            now={t("health.amountOf", {
              part: bytes(last.mem_used_bytes),
              whole: bytes(last.mem_total_bytes),
            })}
            samples={samples}
            share={({ mem_used_bytes, mem_total_bytes }) => mem_used_bytes / Math.max(1, mem_total_bytes)}
            words={(share) => percent(share)}
          />
        </div>
      )}
    </Panel>
  );
}

interface LineProps {
  name: string;
  now: string;
  samples: readonly HostSample[];
  /** The value, 0 to 1. */
  share: (sample: HostSample) => number;
  words: (share: number) => string;
}

function Line({ name, now, samples, share, words }: LineProps) {
  const values = samples.map(share);
  const path = pathOf(values);
  return (
    <figure className={classes.figure}>
      <figcaption className={classes.head}>
        <span>{name}</span>
        <strong>{now}</strong>
      </figcaption>
      <div className={classes.frame}>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={summaryOf(name, values, now, words)}
        >
          <path d={`${path} L${WIDTH},${HEIGHT} L0,${HEIGHT} Z`} className={classes.area} />
          <path d={path} className={classes.line} vectorEffect="non-scaling-stroke" />
        </svg>
        <span className={classes.top} aria-hidden="true">
          100 %
        </span>
      </div>
      <div className={classes.axis} aria-hidden="true">
        <span>{clockMinutes(samples[0]?.at ?? "")}</span>
        <span>{t("health.now")}</span>
      </div>
    </figure>
  );
}

/** From left to right, the whole width; 1 is the top. */
export function pathOf(values: readonly number[]): string {
  const step = WIDTH / Math.max(1, values.length - 1);
  return values
    .map((value, index) => {
      const [x, y] = [index * step, HEIGHT * (1 - Math.min(1, Math.max(0, value)))];
      return `${index === 0 ? "M" : "L"}${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}

function summaryOf(
  name: string,
  values: readonly number[],
  now: string,
  words: (share: number) => string,
): string {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return t("health.overTime", { name, now, mean: words(mean), least: words(least), most: words(most) });
}
