import { Button, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useState } from "react";

import { asProblem } from "../../api/problem";
import type { Goldens } from "../../api/types";
import { rich, t } from "../../i18n";
import { ConfirmDialog } from "../../ui/confirm-dialog";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { Warning } from "../../ui/warning";
import classes from "./actions.module.css";

interface Props {
  promoted: string;
  state: Pick<Goldens, "roll_back_to" | "wanted" | "policy">;
  /** Rolls back, for this reason. */
  rollBack: ConfirmedAction<string>;
}

const REASON = "the operator rolled back";
const LONGEST_REASON = 500;

/** Returns to the golden before, after a question that names it. */
export function RollBackButton({ promoted, state, rollBack }: Props) {
  const [asked, { open, close }] = useDisclosure(false);
  const [why, setWhy] = useState("");
  const target = state.roll_back_to;
  if (target === null) {
    return <p className={classes.none}>{t("goldens.noEarlier")}</p>;
  }
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconArrowBackUp size={18} />}
        onClick={() => {
          rollBack.reset();
          open();
        }}
      >
        {t("goldens.rollBackAsk")}
      </Button>
      <ConfirmDialog
        opened={asked}
        close={close}
        title={t("goldens.rollBackTo", { target })}
        confirm={{
          label: t("goldens.rollBack"),
          color: "red",
          busy: rollBack.busy,
          act: () => void rollBack.act(why.trim() || REASON).then(close, () => undefined),
        }}
        refusal={
          rollBack.error === null
            ? null
            : { title: t("goldens.notRolledBack"), problem: asProblem(rollBack.error) }
        }
      >
        <p>{rich("goldens.startAgainFrom", { target })}</p>
        <p>{rich("goldens.notByItself", { promoted })}</p>
        {state.policy === "refuse" && target !== state.wanted && (
          <Warning>{t("goldens.staleRefuse")}</Warning>
        )}
        <TextInput
          label={t("goldens.reason")}
          description={t("goldens.reasonHint")}
          placeholder={REASON}
          maxLength={LONGEST_REASON}
          value={why}
          onChange={(event) => {
            setWhy(event.currentTarget.value);
          }}
        />
      </ConfirmDialog>
    </>
  );
}
