import { Button, Checkbox } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowBigUpLines } from "@tabler/icons-react";
import { useState } from "react";

import { asProblem } from "../../api/problem";
import type { Golden, Goldens } from "../../api/types";
import { ConfirmDialog } from "../../ui/confirm-dialog";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { Warning } from "../../ui/warning";
import { sentence } from "./golden-words";

interface Props {
  golden: Golden;
  state: Pick<Goldens, "promoted" | "policy">;
  /** Promotes it, untested or not. */
  promote: ConfirmedAction<boolean>;
}

/** Has machines start from this golden, after a question. */
export function PromoteButton({ golden, state, promote }: Props) {
  const [asked, { open, close }] = useDisclosure(false);
  const [untested, setUntested] = useState(false);
  const tried = golden.untested === null;
  const begin = () => {
    promote.reset();
    setUntested(false);
    open();
  };
  return (
    <>
      <Button leftSection={<IconArrowBigUpLines size={18} />} onClick={begin}>
        Promote…
      </Button>
      <ConfirmDialog
        opened={asked}
        close={close}
        title={`Promote ${golden.golden_id}?`}
        confirm={{
          label: "Promote it",
          disabled: !tried && !untested,
          busy: promote.busy,
          act: () => void promote.act(!tried).then(close, ignore),
        }}
        refusal={
          promote.error === null ? null : { title: "It was not promoted", problem: asProblem(promote.error) }
        }
      >
        <p>Machines start from it from now on. Those that run are not touched.</p>
        {state.promoted !== null && (
          <p>
            It takes the place of <code>{state.promoted}</code>.
          </p>
        )}
        {!golden.wanted && <StaleWarning policy={state.policy} />}
        {golden.untested !== null && (
          <Untested why={golden.untested} checked={untested} check={setUntested} />
        )}
      </ConfirmDialog>
    </>
  );
}

/** The error is shown where it happened. */
const ignore = (): void => undefined;

function StaleWarning({ policy }: Pick<Goldens, "policy">) {
  return (
    <Warning>
      Today’s inputs make another golden, so this one is stale.
      {policy === "rebuild" && " It stays until an input changes, or somebody presses Rebuild."}
      {policy === "refuse" && " No machine starts from a stale golden, because stale_policy is refuse."}
    </Warning>
  );
}

interface UntestedProps {
  why: string;
  checked: boolean;
  check: (checked: boolean) => void;
}

function Untested({ why, checked, check }: UntestedProps) {
  return (
    <>
      <Warning>It has not passed its canary: {sentence(why)}</Warning>
      <Checkbox
        label="Use it untested"
        description="Sign-ins may fail with it."
        checked={checked}
        onChange={(event) => {
          check(event.currentTarget.checked);
        }}
      />
    </>
  );
}
