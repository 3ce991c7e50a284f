/** What a credential and its custody are called. */

import type { Credential, Custody, CustodyStep } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import type { Tone } from "../../ui/pill";

/** A state of custody in a word. */
export const CUSTODY_WORDS: Record<Custody, { text: PlainKey; tone: Tone }> = {
  sealed: { text: "credentials.inTheVault", tone: "good" },
  returned: { text: "credentials.returned", tone: "good" },
  checked_out: { text: "credentials.checkedOut", tone: "busy" },
  revoked: { text: "credentials.deleted", tone: "quiet" },
};

/** “Codex, ada@example.test”: what tells it from the others. */
export const nameOf = (title: string, credential: Credential): string =>
  `${title}, ${credential.account ?? credential.credential_id}`;

export interface Held {
  holder: string;
  since: string;
}

/** Its one live holder; null when the vault alone has it. */
export const heldBy = ({ holder, held_since }: Credential): Held | null =>
  holder === null || held_since === null ? null : { holder, since: held_since };

/** What became of it at one step; a step's holder had it before, or has it since. */
export function stepWords({ custody, holder }: Pick<CustodyStep, "custody" | "holder">): string {
  const who = holder ?? t("credentials.unnamedHolder");
  switch (custody) {
    case "sealed":
      return t("credentials.sealedInVault");
    case "checked_out":
      return t("credentials.checkedOutTo", { who });
    case "returned":
      return t("credentials.returnedBy", { who });
    case "revoked":
      return holder === null
        ? t("credentials.deletedFromVault")
        : t("credentials.deletedWhileHeld", { holder });
  }
}

const HOLDER = /^[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}$/;

/** Whether the API takes it for a holder's name. */
export const isHolder = (name: string): boolean => HOLDER.test(name);
