/** Tables: a page of one, kept up to date by its own events. */

import { keepPreviousData, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";

import * as client from "./client";
import type { Feed, FeedState } from "./event-feed";
import { isRefusal } from "./problem";
import type { TableName, TablePage, TableRows } from "./types";
import { useFeed } from "./use-feed";

const tableQuery = <Name extends TableName>(name: Name, search: string) =>
  queryOptions({
    queryKey: ["table", name, search],
    queryFn: () => client.table(name, search),
    placeholderData: keepPreviousData,
  });

export interface LiveTable<Row> {
  /** The last page that was read; undefined: none was yet. */
  page: TablePage<Row> | undefined;
  /** Whether that is an answer to an earlier question. */
  stale: boolean;
  /** Why there is no answer; silence is no reason to take away what is there. */
  error: Error | null;
  feed: FeedState;
  again: () => void;
}

/** The page of a table that `search` asks for, now and after every change. */
export function useTable<Name extends TableName>(name: Name, search: string): LiveTable<TableRows[Name]> {
  const cache = useQueryClient();
  const asked = useQuery(tableQuery(name, search));
  const refused = isRefusal(asked.error);
  const asking = asked.isFetching && (asked.data === undefined || asked.isPlaceholderData);
  // Followed once it was answered: what is refused is asked once.
  const feed = useMemo(
    () => (refused || asking ? null : pageFeed<TableRows[Name]>(client.tableEvents(name, search))),
    [name, search, refused, asking],
  );
  const keep = useCallback(
    (page: TablePage<TableRows[Name]>) => {
      cache.setQueryData(["table", name, search], page);
    },
    [cache, name, search],
  );
  const state = useFeed(feed, keep);
  const { refetch } = asked;
  useEffect(() => {
    // A feed that the server refused: ask once why (signed out, or back soon).
    if (state === "lost" || state === "troubled") void refetch();
  }, [state, refetch]);
  return {
    page: asked.data,
    stale: asked.isPlaceholderData,
    error: refused || asked.data === undefined ? asked.error : null,
    feed: state,
    again: () => void refetch(),
  };
}

const pageFeed = <Row>(path: string): Feed<TablePage<Row>> => ({
  path,
  event: "page",
  read: (data) =>
    typeof data === "object" && data !== null && "rows" in data ? (data as TablePage<Row>) : null,
  isLast: () => false,
});
