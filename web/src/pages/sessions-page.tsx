import { IconLogin2 } from "@tabler/icons-react";
import { Link, useLocation, useSearch } from "wouter";

import type { SessionListed } from "../api/types";
import { LISTED_STATUS_WORDS } from "../components/session/status-words";
import { t } from "../i18n";
import { CopyIcon } from "../ui/copy-button";
import { PageHead } from "../ui/page-head";
import { Pill } from "../ui/pill";
import { MomentCell, SpanCell } from "./cells";
import { listedSessionPath, machinePath, PATHS } from "./paths";
import { ServerTable } from "./server-table";
import { SessionDrawer } from "./session-drawer";
import type { Column } from "./table-page";
import classes from "./table-page.module.css";
import type { TableSpec } from "./table-state";

const SPEC: TableSpec = {
  sort: "created_at",
  facets: {
    status: "common.state",
    provider: "common.tool",
    error_code: "common.failure",
    owner: "common.owner",
  },
  days: true,
};

const COLUMNS: readonly Column<SessionListed>[] = [
  { name: "common.session", cell: (row) => <Name id={row.session_id} /> },
  { name: "common.tool", sort: "provider", cell: (row) => row.provider },
  { name: "common.state", sort: "status", cell: (row) => <State row={row} /> },
  { name: "common.owner", sort: "owner", cell: (row) => row.owner },
  { name: "common.machine", cell: (row) => <MachineLink id={row.vm_id} /> },
  { name: "session.started", sort: "created_at", cell: (row) => <MomentCell at={row.created_at} /> },
  {
    name: "session.took",
    sort: "completed_at",
    cell: (row) => <SpanCell from={row.created_at} to={row.completed_at} still={t("session.goesOn")} />,
  },
];

/** Sign-ins: everybody's for the operator, one's own for others; `id` is the open one. */
export function SessionsPage({ id }: { id: string | null }) {
  const [, navigate] = useLocation();
  const search = useSearch();
  return (
    <>
      <PageHead title={t("session.title")}>{t("session.about")}</PageHead>
      <ServerTable
        title={t("session.title")}
        name="sessions"
        spec={SPEC}
        columns={COLUMNS}
        keyOf={(row) => row.session_id}
        words={{ status: LISTED_STATUS_WORDS }}
        placeholder={t("session.placeholder")}
        empty={{
          icon: <IconLogin2 size={32} />,
          title: t("session.empty"),
          text: t("session.emptyText"),
        }}
      >
        {(page) => (
          <SessionDrawer
            id={id}
            row={page?.rows.find((each) => each.session_id === id)}
            close={() => {
              navigate(search === "" ? PATHS.sessions : `${PATHS.sessions}?${search}`);
            }}
          />
        )}
      </ServerTable>
    </>
  );
}

function Name({ id }: { id: string }) {
  const search = useSearch();
  const path = listedSessionPath(id);
  return (
    <span className={classes.id}>
      <Link href={search === "" ? path : `${path}?${search}`} className={classes.open}>
        {id}
      </Link>
      <CopyIcon value={id} what={t("session.sessionId", { id })} />
    </span>
  );
}

function State({ row: { status, error_code, error_cause } }: { row: SessionListed }) {
  const { text, tone } = LISTED_STATUS_WORDS[status];
  return (
    <span className={classes.state}>
      <Pill tone={tone}>{t(text)}</Pill>
      {error_code !== null && (
        <code title={error_cause ?? undefined} lang="en">
          {error_code}
        </code>
      )}
    </span>
  );
}

function MachineLink({ id }: { id: string | null }) {
  return id === null ? (
    <span className={classes.soft}>{t("session.none")}</span>
  ) : (
    <Link href={machinePath(id)}>{id}</Link>
  );
}
