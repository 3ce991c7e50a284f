import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";

import { asProblem } from "../api/problem";
import { useTable, type LiveTable } from "../api/table-queries";
import type { TableName, TablePage, TableRows } from "../api/types";
import { t } from "../i18n";
import { EmptyState } from "../ui/empty-state";
import { Pager } from "../ui/pager";
import { ProblemPanel } from "../ui/problem-panel";
import { Reconnecting } from "./reconnecting";
import classes from "./server-table.module.css";
import { Rows, type Column } from "./table-page";
import {
  isNarrowed,
  PAGE_SIZE,
  questionOf,
  useTableState,
  type TableSpec,
  type TableState,
} from "./table-state";
import { TableTools, type FacetWords } from "./table-tools";

interface Props<Name extends TableName> {
  /** What it is called, for who does not see it. */
  title: string;
  name: Name;
  spec: TableSpec;
  columns: readonly Column<TableRows[Name]>[];
  keyOf: (row: TableRows[Name]) => string;
  words: FacetWords;
  placeholder: string;
  empty: { icon: ReactNode; title: string; text: string };
  /** Beside the table: a drawer that wants to know what the table knows. */
  children?: (page: TablePage<TableRows[Name]> | undefined) => ReactNode;
}

/** A table that the controller sorts, filters and pages, as it changes; what is asked of it is in the address. */
export function ServerTable<Name extends TableName>(props: Props<Name>) {
  const { title, name, spec, columns, keyOf, words, placeholder, empty, children } = props;
  const [state, change] = useTableState(spec);
  const table = useTable(name, questionOf(state));
  const reset = () => {
    change({ text: "", chosen: {}, from: "", to: "", sort: spec.sort, order: "desc" });
  };
  return (
    <>
      <TableTools
        spec={spec}
        state={state}
        change={change}
        columns={columns}
        facets={table.page?.facets}
        words={words}
        placeholder={placeholder}
      />
      <Reconnecting feed={table.feed} />
      <div className={classes.body} aria-busy={table.stale || table.page === undefined}>
        <Body {...{ title, columns, keyOf, empty, state, change, table, reset }} />
      </div>
      {children?.(table.page)}
    </>
  );
}

interface BodyProps<Row> {
  title: string;
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  empty: { icon: ReactNode; title: string; text: string };
  state: TableState;
  change: (change: Partial<TableState>) => void;
  table: LiveTable<Row>;
  reset: () => void;
}

function Body<Row>({ title, columns, keyOf, empty, state, change, table, reset }: BodyProps<Row>) {
  const { page, error } = table;
  if (error !== null) return <Trouble title={title} error={error} again={table.again} reset={reset} />;
  if (page === undefined) return <Skeleton height={320} radius="lg" />;
  if (page.total === 0)
    return <Nothing empty={empty} narrowed={isNarrowed(state)} bounded={page.bounded} reset={reset} />;
  return (
    <>
      <Rows
        title={title}
        rows={page.rows}
        columns={columns}
        keyOf={keyOf}
        sorting={{
          by: state.sort,
          direction: state.order,
          sort: (sort, order) => {
            change({ sort, order });
          },
        }}
      />
      <Pager
        page={state.page}
        size={PAGE_SIZE}
        total={page.total}
        bounded={page.bounded}
        go={(wanted) => {
          change({ page: wanted });
        }}
      />
    </>
  );
}

function Trouble({
  title,
  error,
  again,
  reset,
}: {
  title: string;
  error: Error;
  again: () => void;
  reset: () => void;
}) {
  const problem = asProblem(error);
  const mine = problem.code === "bad_input";
  return (
    <ProblemPanel
      title={mine ? t("common.badAddress") : t("common.couldNotBeRead", { title })}
      problem={problem}
      action={
        <Button onClick={mine ? reset : again}>{mine ? t("common.showAll") : t("common.tryAgain")}</Button>
      }
    />
  );
}

function Nothing({
  empty,
  narrowed,
  bounded,
  reset,
}: {
  empty: BodyProps<unknown>["empty"];
  narrowed: boolean;
  bounded: boolean;
  reset: () => void;
}) {
  if (!narrowed) {
    return (
      <EmptyState icon={empty.icon} title={empty.title}>
        {empty.text}
      </EmptyState>
    );
  }
  return (
    <>
      <EmptyState icon={empty.icon} title={t("common.nothingFits")}>
        {t(bounded ? "common.nothingWithinReach" : "common.nothingFitsText")}
      </EmptyState>
      <div className={classes.all}>
        <Button variant="default" onClick={reset}>
          {t("common.showAll")}
        </Button>
      </div>
    </>
  );
}
