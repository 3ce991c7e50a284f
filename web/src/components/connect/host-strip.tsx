import { Code } from "@mantine/core";
import { IconAlertTriangle, IconBox, IconInfoCircle, IconServer2 } from "@tabler/icons-react";

import type { Host, HostCheck, Isolation } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import { CopyIcon } from "../../ui/copy-button";
import classes from "./host-strip.module.css";

const MACHINES: Record<Isolation, PlainKey> = {
  vm: "connect.machinesAreVms",
  container: "connect.machinesAreContainers",
};

/** How machines are isolated on this host and why, from which golden, and what an operator should mend. */
export function HostStrip({ host }: { host: Host }) {
  // What the reason of the choice says already is not said again below it.
  const failing = host.checks.filter(
    (check) => !check.ok && (check.needed || !host.why.includes(check.detail)),
  );
  return (
    <section className={classes.strip} aria-label={t("connect.thisHost")} data-place="host">
      <div className={classes.line}>
        {host.isolation === "vm" ? (
          <IconServer2 size={20} aria-hidden="true" />
        ) : (
          <IconBox size={20} aria-hidden="true" />
        )}
        <p>
          <strong>{t(MACHINES[host.isolation])}</strong>
          {host.isolation === "vm" && (
            <>
              {" "}
              <Code>{host.driver}</Code>
            </>
          )}
          <span className={classes.why}>
            <span lang="en">{host.why.replace(/\.?$/, ".")}</span>
            {host.isolation === "container" && ` ${t("connect.sharedKernel")}`}
          </span>
        </p>
        <p className={classes.golden}>
          <span>{t("common.golden")}</span> <code>{host.golden_id}</code>
          <CopyIcon value={host.golden_id} what={t("connect.goldenId")} />
        </p>
      </div>
      {failing.map((check) =>
        check.needed ? <Warning key={check.name} check={check} /> : <Note key={check.name} check={check} />,
      )}
    </section>
  );
}

/** Machines run without it: something to know, hardly to worry about. */
function Note({ check }: { check: HostCheck }) {
  return (
    <div className={classes.note}>
      <IconInfoCircle size={18} aria-hidden="true" />
      <div>
        <strong>{check.name}</strong>: <span lang="en">{check.detail}</span>
        {check.fix !== null && (
          <div className={classes.why} lang="en">
            {check.fix}
          </div>
        )}
      </div>
    </div>
  );
}

function Warning({ check }: { check: HostCheck }) {
  return (
    <div className={classes.warning}>
      <IconAlertTriangle size={18} aria-hidden="true" />
      <div>
        <strong>{check.name}</strong>: <span lang="en">{check.detail}</span>
        {check.fix !== null && (
          <div className={classes.fix}>
            <span>{t("connect.fix")}</span> <code>{check.fix}</code>
            <CopyIcon value={check.fix} what={t("connect.fixFor", { name: check.name })} />
          </div>
        )}
      </div>
    </div>
  );
}
