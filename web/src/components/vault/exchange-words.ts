/** What an exchange of the master key says of itself. */

import type { Exchanged } from "../../api/key-exchange";
import { own, type OwnProblem } from "../../api/problem";
import { t } from "../../i18n";

const CODE = "vault_rotation_unfinished";

/** Why the key before is still kept, as the command line says it. */
export function unfinished({ key_id: id, rewrapped: count, damaged }: Exchanged): OwnProblem {
  if (damaged.length === 0) return own(CODE, t("vault.stillNeeded"), t("vault.goOnWithIt"));
  return own(
    CODE,
    t("vault.unfinished", { count, id, damaged: damaged.join(", ") }),
    t("vault.unfinishedRemedy"),
  );
}
