import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ReactNode } from "react";

import { asProblem } from "../../api/problem";
import { t } from "../../i18n";
import { ConfirmDialog } from "../../ui/confirm-dialog";
import type { ConfirmedAction } from "../../ui/confirmed-action";

interface Props<Input> {
  verb: string;
  /** What it is done to, for the button's name. */
  name: string;
  icon: ReactNode;
  title: string;
  /** null: the dialog tells how to do it elsewhere. */
  confirm: { label: string; color?: "red"; disabled?: boolean; input: Input } | null;
  action: ConfirmedAction<Input>;
  /** The heading of why it came to nothing. */
  refusal: string;
  /** The dialog begins anew. */
  onOpen?: () => void;
  children: ReactNode;
}

/** A button that asks before it acts; a refusal is shown where the question was. */
export function AskedButton<Input>(props: Props<Input>) {
  const { verb, name, icon, title, confirm, action, refusal, onOpen, children } = props;
  const [asked, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button
        variant="default"
        size="sm"
        leftSection={icon}
        aria-label={t("credentials.verbName", { verb, name })}
        onClick={() => {
          action.reset();
          onOpen?.();
          open();
        }}
      >
        {verb}
      </Button>
      <ConfirmDialog
        opened={asked}
        close={() => {
          close();
          action.reset();
        }}
        title={title}
        confirm={
          confirm && {
            ...confirm,
            busy: action.busy,
            act: () => void action.act(confirm.input).then(close, () => undefined),
          }
        }
        refusal={action.error === null ? null : { title: refusal, problem: asProblem(action.error) }}
      >
        {children}
      </ConfirmDialog>
    </>
  );
}
