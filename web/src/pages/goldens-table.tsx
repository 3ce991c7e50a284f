import { IconStack2 } from "@tabler/icons-react";
import { Link } from "wouter";

import type { Golden } from "../api/types";
import { canaryWords, GOLDEN_STATUS } from "../components/goldens/golden-words";
import { MoveReason } from "../components/goldens/move-reason";
import { t } from "../i18n";
import { Ago } from "../ui/ago";
import { CopyIcon } from "../ui/copy-button";
import { EmptyState } from "../ui/empty-state";
import { Pill } from "../ui/pill";
import classes from "./goldens-table.module.css";
import { goldenPath } from "./paths";
import { Rows, type Column } from "./table-page";
import table from "./table-page.module.css";

const COLUMNS: readonly Column<Golden>[] = [
  { name: "common.golden", cell: (row) => <Name id={row.golden_id} /> },
  { name: "common.state", cell: (row) => <State golden={row} /> },
  { name: "goldens.built", cell: (row) => <Ago at={row.built_at} /> },
  { name: "goldens.sinceColumn", cell: (row) => <Since golden={row} /> },
  { name: "goldens.canary", cell: (row) => <Canaries golden={row} /> },
];

/** The goldens on this host, the newest first as the API sends them; each opens its detail. */
export function GoldensTable({ goldens }: { goldens: readonly Golden[] }) {
  if (goldens.length === 0) {
    return (
      <EmptyState icon={<IconStack2 size={32} />} title={t("goldens.empty")}>
        {t("goldens.emptyText")}
      </EmptyState>
    );
  }
  return (
    <Rows title={t("goldens.onThisHost")} rows={goldens} columns={COLUMNS} keyOf={(row) => row.golden_id} />
  );
}

function Name({ id }: { id: string }) {
  return (
    <span className={table.id}>
      <Link href={goldenPath(id)} className={classes.open}>
        {id}
      </Link>
      <CopyIcon value={id} what={t("goldens.goldenIdOf", { id })} />
    </span>
  );
}

function State({ golden }: { golden: Golden }) {
  const { text, tone } = GOLDEN_STATUS[golden.status];
  return (
    <span className={table.state}>
      <Pill tone={tone}>{t(text)}</Pill>
      <Freshness golden={golden} />
    </span>
  );
}

/** Every golden but one is stale; it matters of the one that machines start from. */
function Freshness({ golden }: { golden: Golden }) {
  if (golden.wanted) return <span className={classes.wanted}>{t("goldens.wanted")}</span>;
  if (golden.status === "promoted") return <Pill tone="busy">{t("goldens.staleWord")}</Pill>;
  return <span className={table.soft}>{t("goldens.staleWord")}</span>;
}

function Since({ golden: { since, why, status } }: { golden: Golden }) {
  if (since === null) return <span className={table.soft}>{t("goldens.wasBuilt")}</span>;
  return (
    <span className={classes.since}>
      <Ago at={since} />
      {why !== null && (
        <span className={classes.why}>
          <MoveReason to={status} why={why} />
        </span>
      )}
    </span>
  );
}

function Canaries({ golden: { canaries } }: { golden: Golden }) {
  if (canaries.length === 0) return <span className={table.soft}>{t("goldens.notTried")}</span>;
  return (
    <span className={table.state}>
      {canaries.map((report) => {
        const { text, tone } = canaryWords(report);
        return (
          <Pill key={report.driver} tone={tone}>
            {text}
          </Pill>
        );
      })}
    </span>
  );
}
