import { Button } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { Link } from "wouter";

import type { CredentialListed } from "../api/types";
import { CUSTODY_WORDS } from "../components/credentials/credential-words";
import { PageHead } from "../ui/page-head";
import { Pill } from "../ui/pill";
import { IdCell, MomentCell, TimeCell } from "./cells";
import { OperatorOnly } from "./operator-only";
import { listedSessionPath, PATHS } from "./paths";
import { ServerTable } from "./server-table";
import type { Column } from "./table-page";
import classes from "./table-page.module.css";
import type { TableSpec } from "./table-state";

const SPEC: TableSpec = {
  sort: "sealed_at",
  facets: { custody: "Custody", provider: "Tool", owner: "Owner" },
  days: false,
};

const COLUMNS: readonly Column<CredentialListed>[] = [
  { name: "Credential", cell: (row) => <IdCell id={row.credential_id} what="credential id" /> },
  { name: "Tool", sort: "provider", cell: (row) => row.provider },
  { name: "Owner", sort: "owner", cell: (row) => row.owner },
  { name: "Custody", sort: "custody", cell: (row) => <Standing row={row} /> },
  { name: "Session", cell: (row) => <Link href={listedSessionPath(row.session_id)}>{row.session_id}</Link> },
  { name: "Sealed", sort: "sealed_at", cell: (row) => <MomentCell at={row.sealed_at} /> },
  {
    name: "Login ends",
    sort: "login_expires_at",
    cell: (row) => <TimeCell at={row.login_expires_at} none="nobody says" />,
  },
];

/** Everybody's credentials, deleted ones too, without their content; for the operator. */
export function AllCredentialsPage() {
  return (
    <>
      <PageHead
        title="All credentials"
        action={
          <Button variant="default" component={Link} href={PATHS.credentials}>
            Only yours
          </Button>
        }
      >
        Who has what, and who holds it. What is in a credential is its owner’s alone: nobody else can open,
        check out or delete it.
      </PageHead>
      <OperatorOnly what="The list of all credentials">
        <ServerTable
          title="All credentials"
          name="credentials"
          spec={SPEC}
          columns={COLUMNS}
          keyOf={(row) => row.credential_id}
          words={{ custody: CUSTODY_WORDS }}
          placeholder="Id, tool, account, holder, owner…"
          empty={{
            icon: <IconKey size={32} />,
            title: "Nothing sealed yet",
            text: "A credential comes here when somebody has signed in to a tool.",
          }}
        />
      </OperatorOnly>
    </>
  );
}

function Standing({ row: { custody, holder, doubt } }: { row: CredentialListed }) {
  const { text, tone } = CUSTODY_WORDS[custody];
  return (
    <span className={classes.state} title={doubt ?? undefined}>
      <Pill tone={doubt === null ? tone : "warn"}>{text}</Pill>
      {holder !== null && <code>{holder}</code>}
      {doubt !== null && <span className={classes.soft}>in doubt</span>}
    </span>
  );
}
