/** What pages read and do, as TanStack Query options and hooks.  Nothing polls: sessions push their changes. */

import { queryOptions, useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";

import * as client from "./client";
import type { FeedState } from "./event-feed";
import { newestSession } from "./newest-session";
import { sessionFeed } from "./session-events";
import { isFinal, type Session } from "./types";
import { useFeed } from "./use-feed";

export const meQuery = queryOptions({ queryKey: ["me"], queryFn: client.me });
export const hostQuery = queryOptions({ queryKey: ["host"], queryFn: client.host });
export const providersQuery = queryOptions({ queryKey: ["providers"], queryFn: client.providers });
export const credentialsQuery = queryOptions({ queryKey: ["credentials"], queryFn: client.credentials });
export const sessionsQuery = queryOptions({ queryKey: ["sessions"], queryFn: client.sessions });

/** Whether the person runs this controller; no until that is known. */
export const useIsOperator = (): boolean => useQuery(meQuery).data?.operator ?? false;

export const sessionQuery = (id: string) =>
  queryOptions({
    queryKey: ["session", id],
    queryFn: async ({ client: cache }) => {
      const read = await client.session(id);
      return newestSession(cache.getQueryData<Session>(["session", id]), read);
    },
  });

export const timelineQuery = (id: string) =>
  queryOptions({ queryKey: ["timeline", id], queryFn: () => client.timeline(id) });

export const viewLinksQuery = (id: string) =>
  queryOptions({ queryKey: ["view-links", id], queryFn: () => client.viewLinks(id) });

/** Puts a reading of a session into the cache, unless a later one is there already. */
export function keepSession(cache: QueryClient, session: Session): void {
  cache.setQueryData<Session>(["session", session.session_id], (known) => newestSession(known, session));
  if (isFinal(session.status)) void forgetOutdated(cache);
}

async function forgetOutdated(cache: QueryClient): Promise<void> {
  await Promise.all(
    ["providers", "credentials", "sessions", "table"].map((key) =>
      cache.invalidateQueries({ queryKey: [key] }),
    ),
  );
}

/** Keeps the cached session up to date from its events; tells how the feed is. */
export function useSessionEvents(id: string, open: boolean): FeedState {
  const cache = useQueryClient();
  const feed = useMemo(() => (open ? sessionFeed(id) : null), [id, open]);
  const keep = useCallback(
    (session: Session) => {
      keepSession(cache, session);
      void cache.invalidateQueries({ queryKey: ["timeline", session.session_id] });
    },
    [cache],
  );
  return useFeed(feed, keep);
}

/** A mutation whose answer is the session after it. */
export function useSessionAction<Input>(act: (input: Input) => Promise<Session>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: (session) => {
      keepSession(cache, session);
    },
  });
}
