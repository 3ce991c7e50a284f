import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";

import type { ExplainedCheck, HostDisk, HostHealth, HostStall } from "../../api/types";
import { Panel } from "../../ui/panel";
import { Pill } from "../../ui/pill";
import classes from "./host-panel.module.css";
import { bytes } from "./words";

/** Below this share of something left, it is said in red. */
const SCARCE = 0.1;

/** Whether sign-ins could start now, check by check, and what the host has left. */
export function HostPanel({ health }: { health: HostHealth }) {
  return (
    <Panel
      title="This host now"
      aside={<Pill tone={health.ready ? "good" : "bad"}>{health.ready ? "Ready" : "Not ready"}</Pill>}
    >
      <ul className={classes.checks} aria-label="What sign-ins need">
        {health.checks.map((check) => (
          <Check key={check.name} check={check} />
        ))}
      </ul>
      <div className={classes.meters}>
        <Left name="Memory" free={health.mem_available_bytes} total={health.mem_total_bytes} />
        {health.disks.map((disk) => (
          <Left
            key={disk.folder}
            name={DISKS[disk.folder] ?? disk.folder}
            free={disk.free_bytes}
            total={disk.total_bytes}
          />
        ))}
      </div>
      <Pressure stalls={health.stalls} load={health.load} cpus={health.cpus} />
    </Panel>
  );
}

const DISKS: Record<HostDisk["folder"], string> = {
  state: "Disk (state)",
  run: "Disk (run)",
  cache: "Disk (goldens)",
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
        <strong>{check.name}</strong> {check.ok ? "works" : "fails"}
        {check.cause !== null && <p>{check.cause}</p>}
        {check.remedy !== null && <p className={classes.soft}>{check.remedy}</p>}
      </div>
    </li>
  );
}

function Left({ name, free, total }: { name: string; free: number; total: number }) {
  const used = total === 0 ? 0 : 1 - free / total;
  return (
    <div className={classes.meter}>
      <span>{name}</span>
      <span className={classes.soft}>
        {bytes(free)} of {bytes(total)} left
      </span>
      <span className={classes.track} data-scarce={1 - used < SCARCE} aria-hidden="true">
        <span style={{ width: `${100 * used}%` }} />
      </span>
    </div>
  );
}

const WAITS: Record<HostStall["resource"], string> = { cpu: "processors", memory: "memory", io: "disks" };

function Pressure({ stalls, load, cpus }: { stalls: readonly HostStall[]; load: number; cpus: number }) {
  return (
    <dl className={classes.pressure}>
      <div>
        <dt>Load</dt>
        <dd>
          {load.toFixed(2)} <span className={classes.soft}>on {cpus} processors</span>
        </dd>
      </div>
      {stalls.map((stall) => (
        <div key={stall.resource}>
          <dt>Waits for {WAITS[stall.resource] ?? stall.resource}</dt>
          <dd>
            {stall.some_10s.toFixed(1)} %{" "}
            <span className={classes.soft}>{stall.some_60s.toFixed(1)} % over a minute</span>
          </dd>
        </div>
      ))}
      {stalls.length === 0 && (
        <div>
          <dt>Pressure</dt>
          <dd className={classes.soft}>This kernel does not count it (PSI).</dd>
        </div>
      )}
    </dl>
  );
}
