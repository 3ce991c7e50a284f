/** What an exchange of the master key says of itself. */

import type { Exchanged } from "../../api/key-exchange";
import type { Problem } from "../../api/types";

/** “160 credentials have”, “1 credential has”. */
export const credentialsHave = (count: number): string =>
  count === 1 ? "1 credential has" : `${count} credentials have`;

/** Why the key before is still kept, as the command line says it. */
export function unfinished({ key_id, rewrapped, damaged }: Exchanged): Problem {
  const code = "vault_rotation_unfinished";
  if (damaged.length === 0)
    return { code, cause: "The master key before is still needed.", remedy: "Go on with it." };
  return {
    code,
    cause:
      `${credentialsHave(rewrapped)} the new master key ${key_id}; the one before is kept, ` +
      `because these cannot be opened: ${damaged.join(", ")}.`,
    remedy: "Restore them from a backup, or have their owners delete them; then go on with it.",
  };
}
