import { Button, Group, Modal } from "@mantine/core";
import type { ReactNode } from "react";

import { t } from "../i18n";
import { ProblemPanel } from "./problem-panel";
import classes from "./confirm-dialog.module.css";

interface Props {
  opened: boolean;
  close: () => void;
  title: string;
  /** What happens then. */
  children: ReactNode;
  /** null: there is nothing to say yes to. */
  confirm: { label: string; color?: "red"; disabled?: boolean; busy: boolean; act: () => void } | null;
  /** Why the last try came to nothing. */
  refusal: { title: string; problem: { code: string; cause: string; remedy: string; own?: boolean } } | null;
}

/** A question before something that many feel; it stays until it is answered, or was done. */
export function ConfirmDialog({ opened, close, title, children, confirm, refusal }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={title}
      centered
      radius="lg"
      size="lg"
      classNames={{ title: classes.title }}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <div className={classes.body}>
        {children}
        {refusal !== null && <ProblemPanel title={refusal.title} problem={refusal.problem} />}
      </div>
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={close} data-autofocus>
          {confirm === null ? t("common.close") : t("common.leaveIt")}
        </Button>
        {confirm !== null && (
          <Button
            {...(confirm.color === undefined ? {} : { color: confirm.color })}
            disabled={confirm.disabled === true}
            loading={confirm.busy}
            onClick={confirm.act}
          >
            {confirm.label}
          </Button>
        )}
      </Group>
    </Modal>
  );
}
