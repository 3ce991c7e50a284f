/** What the page of credentials reads and does. */

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import * as client from "./client";

/** One credential with the history of its custody. */
export const credentialQuery = (id: string) =>
  queryOptions({ queryKey: ["credential", id], queryFn: () => client.credential(id) });

/** Has everything that tells of credentials read again. */
export function useCredentialsRefresh(): () => void {
  const cache = useQueryClient();
  return () => {
    for (const key of ["credentials", "credential", "providers"])
      void cache.invalidateQueries({ queryKey: [key] });
  };
}

/** A mutation of a credential.  What `act` answers is cached for a while, so that it must hold no secret. */
export function useCredentialAction<Input>(act: (input: Input) => Promise<void>) {
  return useMutation({ mutationFn: act, onSuccess: useCredentialsRefresh() });
}
