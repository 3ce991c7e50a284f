import { Button, Group, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";

import { t } from "../../i18n";
import classes from "./cancel-button.module.css";

interface Props {
  tool: string;
  busy: boolean;
  cancel: () => void;
}

/** Cancels after a question: the machine and all that was typed into it are gone then. */
export function CancelButton({ tool, busy, cancel }: Props) {
  const [asked, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" size="xs" loading={busy} onClick={open}>
        {t("session.cancel")}
      </Button>
      <Modal
        opened={asked}
        onClose={close}
        title={t("session.cancelAsk", { tool })}
        centered
        radius="lg"
        classNames={{ title: classes.title ?? "" }}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        <p>{t("session.cancelText")}</p>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={close} data-autofocus>
            {t("session.goOnSigningIn")}
          </Button>
          <Button
            color="red"
            onClick={() => {
              close();
              cancel();
            }}
          >
            {t("session.cancelIt")}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
