import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";

import type { ExplainedCheck, HostDisk, HostHealth, HostStall } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import { number } from "../../i18n/formats";
import { Panel } from "../../ui/panel";
import { Pill } from "../../ui/pill";
import classes from "./host-panel.module.css";
import { bytes, percent } from "../../ui/quantities";

/** Below this share of something left, it is said in red. */
const SCARCE = 0.1;

/** Whether sign-ins could start now, check by check, and what the host has left. */
export function HostPanel({ health }: { health: HostHealth }) {
  return (
    <Panel
      title={t("health.thisHostNow")}
      aside={
        <Pill tone={health.ready ? "good" : "bad"}>
          {health.ready ? t("health.ready") : t("health.notReady")}
        </Pill>
      }
    >
      <ul className={classes.checks} aria-label={t("health.whatSignInsNeed")}>
        {health.checks.map((check) => (
          <Check key={check.name} check={check} />
        ))}
      </ul>
      <div className={classes.meters}>
        <Left name={t("health.memory")} free={health.mem_available_bytes} total={health.mem_total_bytes} />
        {health.disks.map((disk) => (
          <Left
            key={disk.folder}
            name={wordOf(DISKS, disk.folder)}
            free={disk.free_bytes}
            total={disk.total_bytes}
          />
        ))}
      </div>
      <Pressure stalls={health.stalls} load={health.load} cpus={health.cpus} />
    </Panel>
  );
}

const DISKS: Record<HostDisk["folder"], PlainKey> = {
  state: "health.diskState",
  run: "health.diskRun",
  cache: "health.diskCache",
};

/** A newer controller may know things that this page has no word for. */
const wordOf = (words: Readonly<Record<string, PlainKey>>, name: string): string => {
  const key = words[name];
  return key === undefined ? name : t(key);
};

function Check({ check }: { check: ExplainedCheck }) {
  return (
    <li data-ok={check.ok}>
      {check.ok ? (
        <IconCircleCheck size={18} aria-hidden="true" />
      ) : (
        <IconAlertTriangle size={18} aria-hidden="true" />
      )}
      <div>
        <strong>{check.name}</strong> {check.ok ? t("health.works") : t("health.fails")}
        {check.cause !== null && <p lang="en">{check.cause}</p>}
        {check.remedy !== null && (
          <p className={classes.soft} lang="en">
            {check.remedy}
          </p>
        )}
      </div>
    </li>
  );
}

function Left({ name, free, total }: { name: string; free: number; total: number }) {
  const used = total === 0 ? 0 : 1 - free / total;
  return (
    <div className={classes.meter}>
      <span>{name}</span>
      <span className={classes.soft}>{t("health.left", { free: bytes(free), total: bytes(total) })}</span>
      <span className={classes.track} data-scarce={1 - used < SCARCE} aria-hidden="true">
        <span style={{ width: `${100 * used}%` }} />
      </span>
    </div>
  );
}

const WAITS: Record<HostStall["resource"], PlainKey> = {
  cpu: "health.processors",
  memory: "health.memoryWord",
  io: "health.disks",
};

function Pressure({ stalls, load, cpus }: { stalls: readonly HostStall[]; load: number; cpus: number }) {
  return (
    <dl className={classes.pressure}>
      <div>
        <dt>{t("health.load")}</dt>
        <dd>
          {number(load, 2)} <span className={classes.soft}>{t("health.onProcessors", { count: cpus })}</span>
        </dd>
      </div>
      {stalls.map((stall) => (
        <div key={stall.resource}>
          <dt>{t("health.waitsFor", { resource: wordOf(WAITS, stall.resource) })}</dt>
          <dd>
            {percent(stall.some_10s / 100)}{" "}
            <span className={classes.soft}>
              {t("health.overAMinute", { share: percent(stall.some_60s / 100) })}
            </span>
          </dd>
        </div>
      ))}
      {stalls.length === 0 && (
        <div>
          <dt>{t("health.pressure")}</dt>
          <dd className={classes.soft}>{t("health.noPressure")}</dd>
        </div>
      )}
    </dl>
  );
}
