/** What *Connect* and *Try again* do: start a sign-in and go to its page. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";

import { providers, startSignIn } from "../api/client";
import { ApiError } from "../api/problem";
import { keepSession, providersQuery } from "../api/queries";
import type { Flow } from "../api/types";
import { markClick } from "../components/desktop/first-frame";
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

export function useConnect(provider: string): Connect {
  const cache = useQueryClient();
  const [, navigate] = useLocation();
  const openSession = (id: string): void => {
    navigate(sessionPath(id));
  };
  const start = useMutation({
    mutationFn: async ({ flow, clickedAt }: { flow: Wanted; clickedAt: number }) =>
      startOrFind(provider, await flow, clickedAt),
    onSuccess: (id) => {
      void cache.invalidateQueries({ queryKey: providersQuery.queryKey });
      openSession(id);
    },
  });
  const connect = (flow: Wanted = null): void => {
    start.mutate({ flow, clickedAt: performance.now() });
  };
  return { connect, openSession, busy: start.isPending, error: start.error };

  async function startOrFind(name: string, flow: Flow | null, clickedAt: number): Promise<string> {
    try {
      const session = await startSignIn(name, flow);
      keepSession(cache, session);
      markClick(session.session_id, clickedAt);
      return session.session_id;
    } catch (error) {
      const open = isConflict(error) ? await openSessionOf(name) : null;
      if (open === null) throw error;
      return open;
    }
  }
}

/** One is open already, begun elsewhere: that one is what the person wants. */
function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}

async function openSessionOf(name: string): Promise<string | null> {
  return (await providers()).find((provider) => provider.name === name)?.open_session_id ?? null;
}
