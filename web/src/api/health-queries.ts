/** What the page of health reads: asked for again when somebody says so, but the host's history, which is live. */

import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import * as client from "./client";
import type { Feed } from "./event-feed";
import type { HostHistory } from "./types";
import { useFeed } from "./use-feed";

export const failuresQuery = (days: number) =>
  queryOptions({ queryKey: ["failures", days], queryFn: () => client.failures(days) });

export const hostHealthQuery = queryOptions({ queryKey: ["host-health"], queryFn: client.hostHealth });

export const startsQuery = (days: number) =>
  queryOptions({ queryKey: ["starts", days], queryFn: () => client.starts(days) });

export const hostHistoryQuery = queryOptions({ queryKey: ["host-history"], queryFn: client.hostHistory });

/** Keeps the host's history up to date from its events. */
export function useHostHistoryEvents(): void {
  const cache = useQueryClient();
  const keep = useCallback(
    (history: HostHistory) => {
      cache.setQueryData<HostHistory>(hostHistoryQuery.queryKey, history);
    },
    [cache],
  );
  useFeed(HISTORY_FEED, keep);
}

const HISTORY_FEED: Feed<HostHistory> = {
  path: client.HISTORY_EVENTS,
  event: "history",
  read: (data) =>
    typeof data === "object" && data !== null && "samples" in data ? (data as HostHistory) : null,
  isLast: () => false,
};
