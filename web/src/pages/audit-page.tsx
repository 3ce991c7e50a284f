import { IconShieldCheck } from "@tabler/icons-react";
import { Link } from "wouter";

import type { AuditEvent } from "../api/types";
import { ACTION_WORDS, NOBODY, OUTCOME_WORDS } from "../components/audit/audit-words";
import { t } from "../i18n";
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
  facets: { action: "audit.deed", outcome: "audit.outcome", actor: "audit.who" },
  days: true,
};

const COLUMNS: readonly Column<AuditEvent>[] = [
  { name: "audit.when", sort: "at", cell: (row) => <MomentCell at={row.at} /> },
  { name: "audit.who", sort: "actor", cell: (row) => <Who row={row} /> },
  { name: "audit.deed", sort: "action", cell: (row) => t(ACTION_WORDS[row.action]) },
  { name: "audit.onWhat", cell: (row) => <Subject row={row} /> },
  { name: "audit.outcome", cell: (row) => <Outcome row={row} /> },
  { name: "audit.from", cell: (row) => <From row={row} /> },
];

/** Who did what, on what, when, from where, and what came of it; for the operator. */
export function AuditPage() {
  return (
    <>
      <PageHead title={t("audit.title")}>{t("audit.about")}</PageHead>
      <OperatorOnly what={t("audit.theAudit")}>
        <ServerTable
          title={t("audit.title")}
          name="audit"
          spec={SPEC}
          columns={COLUMNS}
          keyOf={(row) => String(row.number)}
          words={{ action: ACTION_WORDS, outcome: OUTCOME_WORDS }}
          placeholder={t("audit.placeholder")}
          empty={{
            icon: <IconShieldCheck size={32} />,
            title: t("audit.empty"),
            text: t("audit.emptyText"),
          }}
        />
      </OperatorOnly>
    </>
  );
}

function Who({ row: { actor, actor_id } }: { row: AuditEvent }) {
  if (actor !== null) return <span title={actor_id ?? undefined}>{actor}</span>;
  return <span className={classes.soft}>{actor_id ?? t(NOBODY)}</span>;
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
      <Pill tone={tone}>{t(text)}</Pill>
      {code !== null && <code>{code}</code>}
    </span>
  );
}

function From({ row: { address } }: { row: AuditEvent }) {
  return address === null ? <span className={classes.soft}>–</span> : <code>{address}</code>;
}
