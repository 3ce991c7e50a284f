import { Button, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useState } from "react";

import { asProblem } from "../../api/problem";
import type { Goldens } from "../../api/types";
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
    return <p className={classes.none}>There is no earlier golden on this host to roll back to.</p>;
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
        Roll back…
      </Button>
      <ConfirmDialog
        opened={asked}
        close={close}
        title={`Roll back to ${target}?`}
        confirm={{
          label: "Roll back",
          color: "red",
          busy: rollBack.busy,
          act: () => void rollBack.act(why.trim() || REASON).then(close, () => undefined),
        }}
        refusal={
          rollBack.error === null
            ? null
            : { title: "It was not rolled back", problem: asProblem(rollBack.error) }
        }
      >
        <p>
          Machines start from <code>{target}</code> again. Those that run are not touched.
        </p>
        <p>
          <code>{promoted}</code> is not promoted again by itself, until somebody promotes it or presses
          Rebuild.
        </p>
        {state.policy === "refuse" && target !== state.wanted && (
          <Warning>It is stale, and stale_policy is refuse: no machine starts from it.</Warning>
        )}
        <TextInput
          label="Reason"
          description="Kept in the history of both goldens."
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
