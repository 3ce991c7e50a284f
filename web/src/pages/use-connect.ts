/** What *Connect* and *Try again* do: start a sign-in and go to its page. */

import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";

import { providers, startSignIn } from "../api/client";
import { ApiError } from "../api/problem";
import { keepSession, providersQuery } from "../api/queries";
import type { Flow } from "../api/types";
import { markClick } from "../components/desktop/first-frame";
import { loadViewer } from "../components/desktop/load-ahead";
import { sessionPath } from "./paths";

/** The flow to sign in with, now or once it is known; null: the preferred one. */
type Wanted = Flow | null | Promise<Flow | null>;

interface Connect {
  /** Without a flow, the tool's preferred one. */
  connect: (flow?: Wanted) => void;
  openSession: (id: string) => void;
  busy: boolean;
  error: unknown;
}

interface Asked {
  provider: string;
  flow: Wanted;
  /** On `performance.now()`'s clock. */
  clickedAt: number;
}

interface Start {
  start: (asked: Asked) => void;
  openSession: (id: string) => void;
  busy: boolean;
  error: unknown;
}

export function useConnect(provider: string): Connect {
  const { start, ...rest } = useStart();
  const connect = (flow: Wanted = null): void => {
    start({ provider, flow, clickedAt: performance.now() });
  };
  return { connect, ...rest };
}

/** @param before Called before the page of a session is gone to. */
export function useStart(before?: () => void): Start {
  const cache = useQueryClient();
  const [, navigate] = useLocation();
  const openSession = (id: string): void => {
    before?.();
    navigate(sessionPath(id));
  };
  const start = useMutation({
    mutationFn: (asked: Asked) => {
      loadViewer();
      return startOrFind(cache, asked);
    },
    onSuccess: (id) => {
      void cache.invalidateQueries({ queryKey: providersQuery.queryKey });
      openSession(id);
    },
  });
  return { start: start.mutate, openSession, busy: start.isPending, error: start.error };
}

async function startOrFind(cache: QueryClient, { provider, flow, clickedAt }: Asked): Promise<string> {
  try {
    const session = await startSignIn(provider, await flow);
    keepSession(cache, session);
    markClick(session.session_id, clickedAt);
    return session.session_id;
  } catch (error) {
    const open = isConflict(error) ? await openSessionOf(provider) : null;
    if (open === null) throw error;
    return open;
  }
}

/** One is open already, begun elsewhere: that one is what the person wants. */
function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}

async function openSessionOf(name: string): Promise<string | null> {
  return (await providers()).find((provider) => provider.name === name)?.open_session_id ?? null;
}
