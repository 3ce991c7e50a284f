import { Button } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { Link } from "wouter";

import type { CredentialListed } from "../api/types";
import { CUSTODY_WORDS } from "../components/credentials/credential-words";
import { t } from "../i18n";
import { language } from "../i18n/language";
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
  facets: { custody: "credentials.custody", provider: "common.tool", owner: "common.owner" },
  days: true,
};

const COLUMNS: readonly Column<CredentialListed>[] = [
  {
    name: "credentials.credential",
    cell: (row) => <IdCell id={row.credential_id} what={t("common.credentialId")} />,
  },
  { name: "common.tool", sort: "provider", cell: (row) => row.provider },
  { name: "common.owner", sort: "owner", cell: (row) => row.owner },
  { name: "credentials.custody", sort: "custody", cell: (row) => <Standing row={row} /> },
  {
    name: "common.session",
    cell: (row) => <Link href={listedSessionPath(row.session_id)}>{row.session_id}</Link>,
  },
  { name: "credentials.sealed", sort: "sealed_at", cell: (row) => <MomentCell at={row.sealed_at} /> },
  {
    name: "credentials.loginEnds",
    sort: "login_expires_at",
    cell: (row) => <TimeCell at={row.login_expires_at} none={t("credentials.nobodySays")} />,
  },
];

/** Everybody's credentials, deleted ones too, without their content; for the operator. */
export function AllCredentialsPage() {
  return (
    <>
      <PageHead
        title={t("credentials.allTitle")}
        action={
          <Button variant="default" component={Link} href={PATHS.credentials}>
            {t("credentials.onlyYours")}
          </Button>
        }
      >
        {t("credentials.aboutAll")}
      </PageHead>
      <OperatorOnly what={t("credentials.theList")}>
        <ServerTable
          title={t("credentials.allTitle")}
          name="credentials"
          spec={SPEC}
          columns={COLUMNS}
          keyOf={(row) => row.credential_id}
          words={{ custody: CUSTODY_WORDS }}
          placeholder={t("credentials.placeholder")}
          empty={{
            icon: <IconKey size={32} />,
            title: t("credentials.empty"),
            text: t("credentials.emptyAll"),
          }}
        />
      </OperatorOnly>
    </>
  );
}

function Standing({ row: { custody, holder, doubt } }: { row: CredentialListed }) {
  const { text, tone } = CUSTODY_WORDS[custody];
  return (
    <span className={classes.state}>
      <Pill tone={doubt === null ? tone : "warn"}>{t(text)}</Pill>
      {holder !== null && <code>{holder}</code>}
      {doubt !== null && (
        <span title={doubt} lang="en">
          <span className={classes.soft} lang={language()}>
            {t("credentials.inDoubt")}
          </span>
        </span>
      )}
    </span>
  );
}
