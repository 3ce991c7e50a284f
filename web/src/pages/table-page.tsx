import { Table } from "@mantine/core";
import type { ReactNode } from "react";

import { ListPage, type ListProps } from "./list-page";
import classes from "./table-page.module.css";

export interface Column<Row> {
  name: string;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> extends Omit<ListProps<Row>, "children"> {
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
}

/** A page that is one table: loading, failed, empty or full. */
export function TablePage<Row>({ columns, keyOf, ...list }: Props<Row>) {
  return (
    <ListPage {...list}>
      {(rows) => <Rows title={list.title} rows={rows} columns={columns} keyOf={keyOf} />}
    </ListPage>
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
