/** What a table is asked for, kept in the page's address: a link shows what its sender saw. */

import { useMemo } from "react";
import { useSearchParams } from "wouter";

import type { PlainKey } from "../i18n";
import type { Direction } from "../ui/sort-header";

export const PAGE_SIZE = 25;

export interface TableSpec {
  /** The order of a table that nobody has sorted. */
  sort: string;
  /** Columns that narrow it → what they are called. */
  facets: Readonly<Record<string, PlainKey>>;
  /** Whether it may be narrowed to some days. */
  days: boolean;
}

export interface TableState {
  sort: string;
  order: Direction;
  /** From 0. */
  page: number;
  text: string;
  chosen: Readonly<Record<string, readonly string[]>>;
  /** First and last day, both in it, as `2026-11-30`; empty: no limit. */
  from: string;
  to: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What an address asks for; what makes no sense is left to the controller, which says so. */
export function stateOf(search: URLSearchParams, spec: TableSpec): TableState {
  const page = Number(search.get("page") ?? "1");
  return {
    sort: search.get("sort") ?? spec.sort,
    order: search.get("order") === "asc" ? "asc" : "desc",
    page: Number.isInteger(page) && page > 0 ? page - 1 : 0,
    text: search.get("q") ?? "",
    chosen: Object.fromEntries(Object.keys(spec.facets).map((name) => [name, search.getAll(name)])),
    from: dayIn(search.get("from"), spec),
    to: dayIn(search.get("to"), spec),
  };
}

function dayIn(text: string | null, spec: TableSpec): string {
  return spec.days && text !== null && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : "";
}

/** The address of a state: what is as usual is left out. */
export function addressOf(state: TableState, spec: TableSpec): URLSearchParams {
  const search = new URLSearchParams();
  if (state.text !== "") search.set("q", state.text);
  for (const [name, values] of Object.entries(state.chosen)) {
    for (const value of values) search.append(name, value);
  }
  if (state.from !== "") search.set("from", state.from);
  if (state.to !== "") search.set("to", state.to);
  if (state.sort !== spec.sort) search.set("sort", state.sort);
  if (state.order !== "desc") search.set("order", state.order);
  if (state.page > 0) search.set("page", String(state.page + 1));
  return search;
}

/** What the controller is asked: days are those of whoever looks. */
export function questionOf(state: TableState): string {
  const search = new URLSearchParams({
    sort: state.sort,
    order: state.order,
    offset: String(state.page * PAGE_SIZE),
    limit: String(PAGE_SIZE),
  });
  if (state.text.trim() !== "") search.set("q", state.text.trim());
  for (const [name, values] of Object.entries(state.chosen)) {
    for (const value of values) search.append(name, value);
  }
  if (state.from !== "") search.set("since", midnight(state.from, 0));
  if (state.to !== "") search.set("until", midnight(state.to, 1));
  return search.toString();
}

function midnight(day: string, later: number): string {
  const at = new Date(`${day}T00:00`);
  at.setDate(at.getDate() + later);
  return at.toISOString();
}

export const isNarrowed = ({ text, chosen, from, to }: TableState): boolean =>
  text !== "" || from !== "" || to !== "" || Object.values(chosen).some((values) => values.length > 0);

/** The state in the address, and how to change it: whatever is narrowed or sorted anew begins at its first page. */
export function useTableState(spec: TableSpec): [TableState, (change: Partial<TableState>) => void] {
  const [search, setSearch] = useSearchParams();
  const state = useMemo(() => stateOf(search, spec), [search, spec]);
  return [
    state,
    (change) => {
      // A page is a place to go back to; a letter typed into the search is not.
      setSearch((now) => addressOf({ ...stateOf(now, spec), page: 0, ...change }, spec), {
        replace: change.page === undefined,
      });
    },
  ];
}
