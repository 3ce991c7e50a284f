import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconRotate } from "@tabler/icons-react";

import { t } from "../../i18n";
import { ConfirmDialog } from "../../ui/confirm-dialog";
import { Warning } from "../../ui/warning";

interface Props {
  busy: boolean;
  exchange: () => void;
}

/** Begins the exchange of the master key, after a question; how it goes is shown on the page. */
export function ExchangeButton({ busy, exchange }: Props) {
  const [asked, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" leftSection={<IconRotate size={18} />} disabled={busy} onClick={open}>
        {t("vault.exchangeAsk")}
      </Button>
      <ConfirmDialog
        opened={asked}
        close={close}
        title={t("vault.exchangeTitle")}
        confirm={{
          label: t("vault.exchangeIt"),
          busy,
          act: () => {
            close();
            exchange();
          },
        }}
        refusal={null}
      >
        <p>{t("vault.exchangeText")}</p>
        <p>{t("vault.exchangeBreak")}</p>
        <Warning>{t("vault.exchangeBackup")}</Warning>
      </ConfirmDialog>
    </>
  );
}
