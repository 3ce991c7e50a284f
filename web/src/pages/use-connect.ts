/** What *Connect* and *Try again* do: start a sign-in and go to its page. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";

import { providers, startSignIn } from "../api/client";
import { ApiError } from "../api/problem";
import { keepSession, providersQuery } from "../api/queries";
import { markClick } from "../components/desktop/first-picture";
import { sessionPath } from "./paths";

interface Connect {
  connect: () => void;
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
    mutationFn: () => startOrFind(provider),
    onSuccess: (id) => {
      void cache.invalidateQueries({ queryKey: providersQuery.queryKey });
      openSession(id);
    },
  });
  const connect = (): void => {
    markClick();
    start.mutate();
  };
  return { connect, openSession, busy: start.isPending, error: start.error };

  async function startOrFind(name: string): Promise<string> {
    try {
      const session = await startSignIn(name);
      keepSession(cache, session);
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
