import { IconBox } from "@tabler/icons-react";
import { Link } from "wouter";

import { machinesQuery } from "../api/queries";
import type { Machine } from "../api/types";
import { Pill, type Tone } from "../ui/pill";
import { IdCell, MomentCell, SpanCell } from "./cells";
import { sessionPath } from "./paths";
import classes from "./table-page.module.css";
import { TablePage, type Column } from "./table-page";

const TONES: Record<Machine["status"], Tone> = {
  creating: "busy",
  running: "good",
  stopping: "busy",
  destroyed: "quiet",
  failed: "bad",
};

const COLUMNS: readonly Column<Machine>[] = [
  { name: "Machine", cell: (row) => <IdCell id={row.vm_id} what="machine id" /> },
  { name: "State", cell: (row) => <State row={row} /> },
  { name: "Address", cell: (row) => <code>{row.vm_ip}</code> },
  {
    name: "Isolation",
    cell: (row) => (row.isolation === row.driver ? row.isolation : `${row.isolation} (${row.driver})`),
  },
  { name: "Session", cell: (row) => <SessionLink id={row.session_id} /> },
  { name: "Golden", cell: (row) => <IdCell id={row.golden_id} what="golden id" /> },
  { name: "Created", cell: (row) => <MomentCell at={row.created_at} /> },
  { name: "Lived", cell: (row) => <SpanCell from={row.created_at} to={row.ended_at} still="running" /> },
];

/** Every machine of the caller, newest first as the API sends them. */
export function MachinesPage() {
  return (
    <TablePage
      title="Machines"
      about="One of a sign-in is destroyed at its end; one that vestibule vm start made, by vestibule vm stop or when its time is up."
      query={machinesQuery}
      columns={COLUMNS}
      keyOf={(row) => row.vm_id}
      empty={{
        icon: <IconBox size={32} />,
        title: "No machine yet",
        text: "Press Connect on a tool: its sign-in makes one.",
      }}
    />
  );
}

function State({ row }: { row: Machine }) {
  const { failure } = row;
  const why = failure === null ? undefined : `${failure.cause} ${failure.remedy}`;
  return (
    <span title={why} className={classes.state}>
      <Pill tone={row.paused ? "quiet" : TONES[row.status]}>{row.paused ? "paused" : row.status}</Pill>
      {failure !== null && <code>{failure.code}</code>}
    </span>
  );
}

function SessionLink({ id }: { id: string | null }) {
  return id === null ? "–" : <Link href={sessionPath(id)}>{id}</Link>;
}
