import { useQueryClient } from "@tanstack/react-query";

import { sessionQuery } from "../api/queries";
import type { Credential, Flow, Provider } from "../api/types";
import { CredentialCard, type Renewal } from "../components/credentials/credential-card";
import { CredentialHistory } from "./credential-history";
import { useConnect } from "./use-connect";
import { useCredentialActions } from "./use-credential-actions";

interface Props {
  credential: Credential;
  /** null: its file is not there any more; undefined: not known yet. */
  provider: Provider | null | undefined;
  /** The newer sign-in that has taken its place. */
  replacement: Credential | null;
  nowMs: number;
  /** Tells what was done. */
  say: (text: string) => void;
}

/** One credential of the list, with all that can be done with it. */
export function CredentialItem({ credential, provider, replacement, nowMs, say }: Props) {
  const title = provider?.title ?? credential.provider;
  return (
    <CredentialCard
      credential={credential}
      title={title}
      nowMs={nowMs}
      replacement={replacement}
      renewal={useRenewal(credential, provider)}
      actions={useCredentialActions(credential, title, say)}
    >
      <CredentialHistory id={credential.credential_id} />
    </CredentialCard>
  );
}

/** A sign-in of the same tool in the way that brought this credential, or the one that is under way. */
function useRenewal(credential: Credential, provider: Provider | null | undefined): Renewal {
  const cache = useQueryClient();
  const { connect, openSession, busy, error } = useConnect(credential.provider);
  if (provider === undefined) return { kind: "unknown" };
  if (provider === null) return { kind: "no-provider" };
  const open = provider.open_session_id;
  if (open !== null) {
    return {
      kind: "open",
      go: () => {
        openSession(open);
      },
    };
  }
  const flowBefore = async (): Promise<Flow | null> => {
    const { flow } = await cache.query(sessionQuery(credential.session_id));
    return flow !== null && provider.flows.includes(flow) ? flow : null;
  };
  return {
    kind: "start",
    busy,
    error,
    start: () => {
      connect(flowBefore().catch(() => null));
    },
  };
}
