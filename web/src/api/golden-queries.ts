/** What the page of goldens reads and does.  Answers and events overtake each other; an event is never undone. */

import { queryOptions, useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import * as client from "./client";
import type { FeedState } from "./event-feed";
import { GOLDENS_FEED } from "./golden-events";
import type { Golden, GoldenDetail, Goldens } from "./types";
import { useFeed } from "./use-feed";

const KEY = ["goldens"];

export const goldensQuery = queryOptions({
  queryKey: KEY,
  queryFn: ({ client: cache }) => unlessOvertaken(cache, client.goldens),
});

/** One golden's detail; asked for again when what is known of it has changed. */
export const goldenQuery = (id: string, known: Golden | undefined) =>
  queryOptions({
    queryKey: ["golden", id, known?.since ?? null, known?.canaries.map(({ at }) => at) ?? []],
    queryFn: () => client.golden(id),
    placeholderData: (before: GoldenDetail | undefined) =>
      before?.golden.golden_id === id ? before : undefined,
  });

/** Keeps what is cached of goldens up to date from their events; tells how the feed is. */
export function useGoldensEvents(): FeedState {
  const cache = useQueryClient();
  const keep = useCallback(
    (goldens: Goldens) => {
      cache.setQueryData<Goldens>(KEY, goldens);
    },
    [cache],
  );
  return useFeed(GOLDENS_FEED, keep);
}

/** A mutation whose answer is everything about goldens after it. */
export function useGoldensAction<Input>(act: (input: Input) => Promise<Goldens>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (input: Input) => unlessOvertaken(cache, () => act(input)),
    onSuccess: (goldens) => {
      cache.setQueryData<Goldens>(KEY, goldens);
      // What the other pages say of the golden that machines start from.
      void cache.invalidateQueries({ queryKey: ["host"] });
    },
  });
}

/** The answer; or what an event has brought since it was asked for, which is later. */
async function unlessOvertaken(cache: QueryClient, ask: () => Promise<Goldens>): Promise<Goldens> {
  const count = () => cache.getQueryState<Goldens>(KEY)?.dataUpdateCount;
  const before = count();
  const answer = await ask();
  return count() === before ? answer : (cache.getQueryData<Goldens>(KEY) ?? answer);
}
