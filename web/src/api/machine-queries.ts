/** What the drawers of machines and sessions read. */

import { queryOptions } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";

import * as client from "./client";
import type { Feed, FeedState } from "./event-feed";
import type { LogTail, Machine, SessionDetail, Timeline } from "./types";
import { useFeed } from "./use-feed";

/** `version`: what is known of it otherwise; asked for again when that has changed. */
export const machineQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: ["machine", id, version],
    queryFn: () => client.machine(id),
    placeholderData: (before: Machine | undefined) => (before?.vm_id === id ? before : undefined),
  });

export const machineTimelineQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: ["machine-timeline", id, version],
    queryFn: () => client.machineTimeline(id),
    placeholderData: (before: Timeline | undefined) => before,
  });

export const sessionTimelineQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: ["session-timeline", id, version],
    queryFn: () => client.timeline(id),
    placeholderData: (before: Timeline | undefined) => before,
  });

export const machineLogsQuery = (id: string, version: string) =>
  queryOptions({ queryKey: ["machine-logs", id, version], queryFn: () => client.machineLogs(id) });

export const listedSessionQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: ["listed-session", id, version],
    queryFn: () => client.listedSession(id),
    placeholderData: (before: SessionDetail | undefined) =>
      before?.session.session_id === id ? before : undefined,
  });

/** The end of a log as it grows; null until the first of it has come. */
export function useLog(id: string, name: string): { tail: LogTail | null; feed: FeedState } {
  const [tail, setTail] = useState<LogTail | null>(null);
  const feed = useMemo(() => logFeed(client.logEvents(id, name)), [id, name]);
  const keep = useCallback((news: LogTail) => {
    setTail(news);
  }, []);
  return { tail, feed: useFeed(feed, keep) };
}

const logFeed = (path: string): Feed<LogTail> => ({
  path,
  event: "log",
  read: (data) => (typeof data === "object" && data !== null && "text" in data ? (data as LogTail) : null),
  isLast: (tail) => tail.ended,
});
