import { Button, Skeleton, Table } from "@mantine/core";
import { useQuery, type UseQueryOptions } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { asProblem } from "../api/problem";
import { EmptyState } from "../ui/empty-state";
import { PageHead } from "../ui/page-head";
import { ProblemPanel } from "../ui/problem-panel";
import classes from "./table-page.module.css";

export interface Column<Row> {
  name: string;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  title: string;
  about: string;
  query: UseQueryOptions<Row[], Error, Row[], string[]>;
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  empty: { icon: ReactNode; title: string; text: string };
}

/** A page that is one table: loading, failed, empty or full. */
export function TablePage<Row>({ title, about, query, columns, keyOf, empty }: Props<Row>) {
  const rows = useQuery(query);
  return (
    <>
      <PageHead title={title}>{about}</PageHead>
      {rows.isPending && <Skeleton height={220} radius="lg" />}
      {rows.isError && (
        <ProblemPanel
          title={`${title} could not be read`}
          problem={asProblem(rows.error)}
          action={<Button onClick={() => void rows.refetch()}>Try again</Button>}
        />
      )}
      {rows.data?.length === 0 && (
        <EmptyState icon={empty.icon} title={empty.title}>
          {empty.text}
        </EmptyState>
      )}
      {rows.data !== undefined && rows.data.length > 0 && (
        <Rows title={title} rows={rows.data} columns={columns} keyOf={keyOf} />
      )}
    </>
  );
}

type RowsProps<Row> = Pick<Props<Row>, "title" | "columns" | "keyOf"> & { rows: readonly Row[] };

/** The table itself; on a phone, a card for every row. */
export function Rows<Row>({ title, rows, columns, keyOf }: RowsProps<Row>) {
  return (
    <div className={classes.frame} tabIndex={0} role="region" aria-label={title}>
      {/* The roles are a table's own; browsers forget them where the style sheet makes cards of its rows. */}
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover role="table">
        <Table.Thead role="rowgroup">
          <Table.Tr role="row">
            {columns.map((column) => (
              <Table.Th key={column.name} scope="col" role="columnheader">
                {column.name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup">
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)} role="row">
              {columns.map((column) => (
                <Table.Td key={column.name} role="cell" data-name={column.name}>
                  {column.cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
