import { IconDownload } from "@tabler/icons-react";

import { t } from "../../i18n";
import { Command } from "../../ui/command";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { Warning } from "../../ui/warning";
import { AskedButton } from "./asked-button";
import type { Held } from "./credential-words";

interface Props {
  id: string;
  name: string;
  held: Held | null;
  /** Downloads a copy. */
  takeCopy: ConfirmedAction<undefined>;
}

/** A copy for its owner, after a question: it is the secret itself. */
export function ExportButton({ id, name, held, takeCopy }: Props) {
  return (
    <AskedButton
      verb={t("credentials.export")}
      name={name}
      icon={<IconDownload size={16} />}
      title={t("credentials.exportName", { name })}
      confirm={{ label: t("credentials.exportAndDownload"), input: undefined }}
      action={takeCopy}
      refusal={t("credentials.notExported")}
    >
      <p>{t("credentials.exportText")}</p>
      <Warning>
        {t("credentials.secretItself")}
        {held !== null && ` ${t("credentials.besideHolder", { holder: held.holder })}`}
      </Warning>
      <p>{t("credentials.withoutDownload")}</p>
      <Command text={`vestibule credentials export ${id} --to ~`} />
    </AskedButton>
  );
}
