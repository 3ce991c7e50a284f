import { Table } from "@mantine/core";
import type { ReactNode } from "react";

import { t, type PlainKey } from "../i18n";
import { ariaSort, SortHeader, type Direction } from "../ui/sort-header";
import classes from "./table-page.module.css";

export interface Column<Row> {
  name: PlainKey;
  cell: (row: Row) => ReactNode;
  /** What the controller calls it, where it sorts by it. */
  sort?: string;
}

export interface Sorting {
  by: string;
  direction: Direction;
  sort: (by: string, direction: Direction) => void;
}

interface Props<Row> {
  title: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  /** How it is sorted; without it, it is not. */
  sorting?: Sorting;
}

/** A table; on a phone, a card for every row. */
export function Rows<Row>({ title, rows, columns, keyOf, sorting }: Props<Row>) {
  return (
    <div className={classes.frame} tabIndex={0} role="region" aria-label={title}>
      {/* The roles are a table's own; browsers forget them where the style sheet makes cards of its rows. */}
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover role="table">
        <Table.Thead role="rowgroup">
          <Table.Tr role="row">
            {columns.map((column) => (
              <Heading key={column.name} column={column} sorting={sorting} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup">
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)} role="row">
              {columns.map((column) => (
                <Table.Td key={column.name} role="cell" data-name={t(column.name)}>
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

interface HeadingProps<Row> {
  column: Column<Row>;
  sorting: Sorting | undefined;
}

function Heading<Row>({ column: { name, sort }, sorting }: HeadingProps<Row>) {
  if (sort === undefined || sorting === undefined) {
    return (
      <Table.Th scope="col" role="columnheader">
        {t(name)}
      </Table.Th>
    );
  }
  const direction = sorting.by === sort ? sorting.direction : null;
  return (
    <Table.Th scope="col" role="columnheader" aria-sort={ariaSort(direction)}>
      <SortHeader
        name={t(name)}
        direction={direction}
        sort={(wanted) => {
          sorting.sort(sort, wanted);
        }}
      />
    </Table.Th>
  );
}
