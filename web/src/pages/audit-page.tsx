import { IconShieldCheck } from "@tabler/icons-react";
import { Link } from "wouter";

import type { AuditEvent } from "../api/types";
import { ACTION_WORDS, NOBODY, OUTCOME_WORDS } from "../components/audit/audit-words";
import { PageHead } from "../ui/page-head";
import { Pill } from "../ui/pill";
import { MomentCell } from "./cells";
import { OperatorOnly } from "./operator-only";
import { pathOf } from "./paths";
import { ServerTable } from "./server-table";
import type { Column } from "./table-page";
import classes from "./table-page.module.css";
import type { TableSpec } from "./table-state";

const SPEC: TableSpec = {
  sort: "at",
  facets: { action: "Deed", outcome: "Outcome", actor: "Who" },
  days: true,
};

const COLUMNS: readonly Column<AuditEvent>[] = [
  { name: "When", sort: "at", cell: (row) => <MomentCell at={row.at} /> },
  { name: "Who", sort: "actor", cell: (row) => <Who row={row} /> },
  { name: "Deed", sort: "action", cell: (row) => ACTION_WORDS[row.action] },
  { name: "On what", cell: (row) => <Subject row={row} /> },
  { name: "Outcome", cell: (row) => <Outcome row={row} /> },
  { name: "From", cell: (row) => <From row={row} /> },
];

/** Who did what, on what, when, from where, and what came of it; for the operator. */
export function AuditPage() {
  return (
    <>
      <PageHead title="Audit">
        Who did what, on what, from where, and what came of it. Events are only ever added, and hold no
        secret. What nobody did here was the controller’s own doing, or a command’s on its host.
      </PageHead>
      <OperatorOnly what="The audit">
        <ServerTable
          title="Audit"
          name="audit"
          spec={SPEC}
          columns={COLUMNS}
          keyOf={(row) => String(row.number)}
          words={{ action: ACTION_WORDS, outcome: OUTCOME_WORDS }}
          placeholder="Id, name, address, code…"
          empty={{
            icon: <IconShieldCheck size={32} />,
            title: "Nothing has been done yet",
            text: "Sign-ins, credentials that are handed out, goldens that are promoted: all of it comes here.",
          }}
        />
      </OperatorOnly>
    </>
  );
}

function Who({ row: { actor, actor_id } }: { row: AuditEvent }) {
  if (actor !== null) return <span title={actor_id ?? undefined}>{actor}</span>;
  return <span className={classes.soft}>{actor_id ?? NOBODY}</span>;
}

function Subject({ row: { subject, detail } }: { row: AuditEvent }) {
  const path = pathOf(subject);
  return (
    <span className={classes.wrap}>
      {path === null ? subject === "" ? "–" : <code>{subject}</code> : <Link href={path}>{subject}</Link>}
      {detail !== "" && <span className={classes.soft}> {detail}</span>}
    </span>
  );
}

function Outcome({ row: { outcome, code } }: { row: AuditEvent }) {
  const { text, tone } = OUTCOME_WORDS[outcome];
  return (
    <span className={classes.state}>
      <Pill tone={tone}>{text}</Pill>
      {code !== null && <code>{code}</code>}
    </span>
  );
}

function From({ row: { address } }: { row: AuditEvent }) {
  return address === null ? <span className={classes.soft}>–</span> : <code>{address}</code>;
}
