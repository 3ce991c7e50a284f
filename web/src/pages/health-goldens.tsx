import { Link } from "wouter";

import type { GoldenScore } from "../api/types";
import { toneOf } from "../components/health/words";
import { percent } from "../ui/quantities";
import { t } from "../i18n";
import { Pill } from "../ui/pill";
import { goldenPath } from "./paths";
import { Rows, type Column } from "./table-page";
import table from "./table-page.module.css";

const COLUMNS: readonly Column<GoldenScore>[] = [
  { name: "common.golden", cell: ({ golden_id }) => <Name id={golden_id} /> },
  {
    name: "health.success",
    cell: ({ score: { success_rate } }) => <Pill tone={toneOf(success_rate)}>{percent(success_rate)}</Pill>,
  },
  { name: "health.completed", cell: ({ score }) => score.completed },
  { name: "health.failed", cell: ({ score }) => score.failed },
  { name: "health.reasons", cell: (row) => <Reasons row={row} /> },
];

/** What came of each golden's sign-ins; the one that was used last comes first. */
export function HealthGoldens({ goldens }: { goldens: readonly GoldenScore[] }) {
  return (
    <Rows
      title={t("health.byGolden")}
      rows={goldens}
      columns={COLUMNS}
      keyOf={(row) => row.golden_id ?? "no machine"}
    />
  );
}

function Name({ id }: { id: string | null }) {
  if (id === null) return <span className={table.soft}>{t("health.beforeMachine")}</span>;
  return <Link href={goldenPath(id)}>{id}</Link>;
}

function Reasons({ row: { codes } }: { row: GoldenScore }) {
  if (codes.length === 0) return <span className={table.soft}>–</span>;
  return (
    <ul className={table.list}>
      {codes.map(({ code, count }) => (
        <li key={code}>
          <code>{code}</code> {count}
        </li>
      ))}
    </ul>
  );
}
