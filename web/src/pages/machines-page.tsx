import { IconBox } from "@tabler/icons-react";
import { Link, useLocation, useSearch } from "wouter";

import type { MachineListed } from "../api/types";
import {
  isolationWords,
  MACHINE_STATES,
  MACHINE_TONES,
  machineState,
} from "../components/machines/machine-words";
import { t } from "../i18n";
import { CopyIcon } from "../ui/copy-button";
import { PageHead } from "../ui/page-head";
import { Pill } from "../ui/pill";
import { MomentCell, SpanCell } from "./cells";
import { MachineDrawer } from "./machine-drawer";
import { goldenPath, listedSessionPath, machinePath, PATHS } from "./paths";
import { ServerTable } from "./server-table";
import type { Column } from "./table-page";
import classes from "./table-page.module.css";
import type { TableSpec } from "./table-state";

const SPEC: TableSpec = {
  sort: "created_at",
  facets: {
    status: "common.state",
    driver: "common.driver",
    golden_id: "common.golden",
    owner: "common.owner",
  },
  days: true,
};

const COLUMNS: readonly Column<MachineListed>[] = [
  { name: "common.machine", cell: (row) => <Name id={row.vm_id} /> },
  { name: "common.state", sort: "status", cell: (row) => <State row={row} /> },
  { name: "common.owner", sort: "owner", cell: (row) => row.owner },
  { name: "common.isolation", cell: isolationWords },
  {
    name: "common.golden",
    sort: "golden_id",
    cell: (row) => <Link href={goldenPath(row.golden_id)}>{row.golden_id}</Link>,
  },
  { name: "machines.created", sort: "created_at", cell: (row) => <MomentCell at={row.created_at} /> },
  {
    name: "machines.lived",
    sort: "ended_at",
    cell: (row) => <SpanCell from={row.created_at} to={row.ended_at} still={t("machines.running")} />,
  },
];

/** Machines: everybody's for the operator, one's own for others; `id` is the open one. */
export function MachinesPage({ id }: { id: string | null }) {
  const [, navigate] = useLocation();
  const search = useSearch();
  return (
    <>
      <PageHead title={t("machines.title")}>{t("machines.about")}</PageHead>
      <ServerTable
        title={t("machines.title")}
        name="machines"
        spec={SPEC}
        columns={COLUMNS}
        keyOf={(row) => row.vm_id}
        words={{ status: MACHINE_STATES }}
        placeholder={t("machines.placeholder")}
        empty={{
          icon: <IconBox size={32} />,
          title: t("machines.empty"),
          text: t("machines.emptyText"),
        }}
      >
        {(page) => (
          <MachineDrawer
            id={id}
            row={page?.rows.find((each) => each.vm_id === id)}
            sessionLink={(session) => <Link href={listedSessionPath(session)}>{session}</Link>}
            close={() => {
              navigate(search === "" ? PATHS.machines : `${PATHS.machines}?${search}`);
            }}
          />
        )}
      </ServerTable>
    </>
  );
}

function Name({ id }: { id: string }) {
  const search = useSearch();
  return (
    <span className={classes.id}>
      <Link href={search === "" ? machinePath(id) : `${machinePath(id)}?${search}`} className={classes.open}>
        {id}
      </Link>
      <CopyIcon value={id} what={t("machines.machineId", { id })} />
    </span>
  );
}

function State({ row: { paused, status, error_code, error_cause } }: { row: MachineListed }) {
  return (
    <span className={classes.state}>
      <Pill tone={paused ? "quiet" : MACHINE_TONES[status]}>{machineState(paused, status)}</Pill>
      {error_code !== null && (
        <code title={error_cause ?? undefined} lang="en">
          {error_code}
        </code>
      )}
    </span>
  );
}
