import { Button, Checkbox } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowBigUpLines } from "@tabler/icons-react";
import { useState } from "react";

import { asProblem } from "../../api/problem";
import type { Golden, Goldens } from "../../api/types";
import { rich, t } from "../../i18n";
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
        {t("goldens.promoteAsk")}
      </Button>
      <ConfirmDialog
        opened={asked}
        close={close}
        title={t("goldens.promoteName", { id: golden.golden_id })}
        confirm={{
          label: t("goldens.promoteIt"),
          disabled: !tried && !untested,
          busy: promote.busy,
          act: () => void promote.act(!tried).then(close, ignore),
        }}
        refusal={
          promote.error === null
            ? null
            : { title: t("goldens.notPromoted"), problem: asProblem(promote.error) }
        }
      >
        <p>{t("goldens.promoteText")}</p>
        {state.promoted !== null && <p>{rich("goldens.takesPlaceOf", { id: state.promoted })}</p>}
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
  return <Warning>{t("goldens.staleWarning", { policy })}</Warning>;
}

interface UntestedProps {
  why: string;
  checked: boolean;
  check: (checked: boolean) => void;
}

function Untested({ why, checked, check }: UntestedProps) {
  return (
    <>
      <Warning>{rich("goldens.notPassed", { why: <span lang="en">{sentence(why)}</span> })}</Warning>
      <Checkbox
        label={t("goldens.useUntested")}
        description={t("goldens.mayFail")}
        checked={checked}
        onChange={(event) => {
          check(event.currentTarget.checked);
        }}
      />
    </>
  );
}
