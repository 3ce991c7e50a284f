import { Code } from "@mantine/core";
import { IconAlertTriangle, IconBox, IconInfoCircle, IconServer2 } from "@tabler/icons-react";

import type { Host, HostCheck, Isolation } from "../../api/types";
import { CopyIcon } from "../../ui/copy-button";
import classes from "./host-strip.module.css";

const MACHINES: Record<Isolation, string> = {
  vm: "Machines here are virtual machines",
  container: "Machines here are containers",
};

/** What stands between a machine and this host, where that is less than a kernel of its own. */
const SHARED_KERNEL = "A container shares the host's kernel.";

/** How machines are isolated on this host and why, from which golden, and what an operator should mend. */
export function HostStrip({ host }: { host: Host }) {
  // What the reason of the choice says already is not said again below it.
  const failing = host.checks.filter(
    (check) => !check.ok && (check.needed || !host.why.includes(check.detail)),
  );
  return (
    <section className={classes.strip} aria-label="This host">
      <div className={classes.line}>
        {host.isolation === "vm" ? (
          <IconServer2 size={20} aria-hidden="true" />
        ) : (
          <IconBox size={20} aria-hidden="true" />
        )}
        <p>
          <strong>{MACHINES[host.isolation]}</strong>
          {host.isolation === "vm" && (
            <>
              {" "}
              <Code>{host.driver}</Code>
            </>
          )}
          <span className={classes.why}>
            {host.why.replace(/\.?$/, ".")}
            {host.isolation === "container" && ` ${SHARED_KERNEL}`}
          </span>
        </p>
        <p className={classes.golden}>
          <span>Golden</span> <code>{host.golden_id}</code>
          <CopyIcon value={host.golden_id} what="golden id" />
        </p>
      </div>
      {!host.golden_ready && <GoldenMissing />}
      {failing.map((check) =>
        check.needed ? <Warning key={check.name} check={check} /> : <Note key={check.name} check={check} />,
      )}
    </section>
  );
}

function GoldenMissing() {
  return (
    <Warning
      check={{
        name: "golden",
        needed: true,
        ok: false,
        detail: "The golden that machines are made of is not built yet; a sign-in cannot start before.",
        fix: "vestibule golden build",
      }}
    />
  );
}

/** Machines run without it: something to know, hardly to worry about. */
function Note({ check }: { check: HostCheck }) {
  return (
    <div className={classes.note}>
      <IconInfoCircle size={18} aria-hidden="true" />
      <div>
        <strong>{check.name}</strong>: {check.detail}
        {check.fix !== null && <div className={classes.why}>{check.fix}</div>}
      </div>
    </div>
  );
}

function Warning({ check }: { check: HostCheck }) {
  return (
    <div className={classes.warning}>
      <IconAlertTriangle size={18} aria-hidden="true" />
      <div>
        <strong>{check.name}</strong>: {check.detail}
        {check.fix !== null && (
          <div className={classes.fix}>
            <span>FIX:</span> <code>{check.fix}</code>
            <CopyIcon value={check.fix} what={`fix for ${check.name}`} />
          </div>
        )}
      </div>
    </div>
  );
}
