/** What the page of credentials reads and does. */

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import * as client from "./client";

/** One credential with the history of its custody. */
export const credentialQuery = (id: string) =>
  queryOptions({ queryKey: ["credential", id], queryFn: () => client.credential(id) });

/**
 * A mutation after which everything about credentials is read again, after a refusal too: it tells of a change.
 *
 * What `act` answers is cached for a while, so that it must hold no secret.
 */
export function useCredentialAction<Input>(act: (input: Input) => Promise<void>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () => {
      for (const key of ["credentials", "credential", "providers"])
        void cache.invalidateQueries({ queryKey: [key] });
    },
  });
}
