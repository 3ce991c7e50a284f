import { IconTrash } from "@tabler/icons-react";

import { rich, t } from "../../i18n";
import { Ago } from "../../ui/ago";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { Warning } from "../../ui/warning";
import { AskedButton } from "./asked-button";
import type { Held } from "./credential-words";

interface Props {
  name: string;
  held: Held | null;
  remove: ConfirmedAction<undefined>;
}

/** Takes its content out of the vault, after a question that names who has it. */
export function DeleteButton({ name, held, remove }: Props) {
  return (
    <AskedButton
      verb={t("credentials.delete")}
      name={name}
      icon={<IconTrash size={16} />}
      title={t("credentials.deleteName", { name })}
      confirm={{ label: t("credentials.deleteIt"), color: "red", input: undefined }}
      action={remove}
      refusal={t("credentials.notDeleted")}
    >
      <p>{t("credentials.deleteText")}</p>
      <p>{t("credentials.providerNotTold")}</p>
      {held !== null && (
        <Warning>
          {rich("credentials.holderKeeps", { holder: held.holder, ago: <Ago at={held.since} /> })}
        </Warning>
      )}
    </AskedButton>
  );
}
