import { IconBox } from "@tabler/icons-react";
import { Link, useLocation, useSearch } from "wouter";

import type { MachineListed } from "../api/types";
import { isolationWords, MACHINE_TONES } from "../components/machines/machine-words";
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
  facets: { status: "State", driver: "Driver", golden_id: "Golden", owner: "Owner" },
  days: false,
};

const COLUMNS: readonly Column<MachineListed>[] = [
  { name: "Machine", cell: (row) => <Name id={row.vm_id} /> },
  { name: "State", sort: "status", cell: (row) => <State row={row} /> },
  { name: "Owner", sort: "owner", cell: (row) => row.owner },
  { name: "Isolation", cell: isolationWords },
  {
    name: "Golden",
    sort: "golden_id",
    cell: (row) => <Link href={goldenPath(row.golden_id)}>{row.golden_id}</Link>,
  },
  { name: "Created", sort: "created_at", cell: (row) => <MomentCell at={row.created_at} /> },
  {
    name: "Lived",
    sort: "ended_at",
    cell: (row) => <SpanCell from={row.created_at} to={row.ended_at} still="running" />,
  },
];

/** Machines: everybody's for the operator, one's own for others; `id` is the open one. */
export function MachinesPage({ id }: { id: string | null }) {
  const [, navigate] = useLocation();
  const search = useSearch();
  return (
    <>
      <PageHead title="Machines">
        One of a sign-in is destroyed at its end; one that vestibule vm start made, by vestibule vm stop or
        when its time is up.
      </PageHead>
      <ServerTable
        title="Machines"
        name="machines"
        spec={SPEC}
        columns={COLUMNS}
        keyOf={(row) => row.vm_id}
        words={{}}
        placeholder="Id, session, golden, address, failure…"
        empty={{
          icon: <IconBox size={32} />,
          title: "No machine yet",
          text: "Press Connect on a tool: its sign-in makes one.",
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
      <CopyIcon value={id} what={`machine id ${id}`} />
    </span>
  );
}

function State({ row: { paused, status, error_code, error_cause } }: { row: MachineListed }) {
  return (
    <span title={error_cause ?? undefined} className={classes.state}>
      <Pill tone={paused ? "quiet" : MACHINE_TONES[status]}>{paused ? "paused" : status}</Pill>
      {error_code !== null && <code>{error_code}</code>}
    </span>
  );
}
