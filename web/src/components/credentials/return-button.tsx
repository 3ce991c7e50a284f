import { Radio, Stack } from "@mantine/core";
import { IconArrowBarToLeft } from "@tabler/icons-react";
import { useState } from "react";

import { rich, t } from "../../i18n";
import { Ago } from "../../ui/ago";
import { Command } from "../../ui/command";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { Warning } from "../../ui/warning";
import { AskedButton } from "./asked-button";
import type { Held } from "./credential-words";

/** In whose name it comes back, and whether the provider refused it there. */
export interface HandedBack {
  holder: string;
  refused: boolean;
}

interface Props {
  id: string;
  name: string;
  held: Held;
  takeBack: ConfirmedAction<HandedBack>;
}

type Ending = "unchanged" | "refused";

/** Takes it back from a holder that is gone, after a question: what it refreshed is not known here. */
export function ReturnButton({ id, name, held: { holder, since }, takeBack }: Props) {
  const [ending, setEnding] = useState<Ending>("unchanged");
  const refused = ending === "refused";
  return (
    <AskedButton
      verb={t("credentials.return")}
      name={name}
      icon={<IconArrowBarToLeft size={16} />}
      title={t("credentials.returnName", { name })}
      confirm={{
        label: refused ? t("credentials.returnRefused") : t("credentials.returnUnchanged"),
        input: { holder, refused },
      }}
      action={takeBack}
      refusal={t("credentials.notReturned")}
      onOpen={() => {
        setEnding("unchanged");
      }}
    >
      <p>{rich("credentials.letItBring", { holder, ago: <Ago at={since} /> })}</p>
      <Command text={`vestibule credentials return ${id} --holder ${holder} --from ~`} />
      <EndingChoice ending={ending} holder={holder} choose={setEnding} />
      {!refused && <Warning>{t("credentials.mayBeRefused", { holder })}</Warning>}
    </AskedButton>
  );
}

interface ChoiceProps {
  ending: Ending;
  holder: string;
  choose: (ending: Ending) => void;
}

function EndingChoice({ ending, holder, choose }: ChoiceProps) {
  return (
    <Radio.Group
      label={t("credentials.takeBackAs", { holder })}
      value={ending}
      onChange={(value) => {
        choose(value === "refused" ? "refused" : "unchanged");
      }}
    >
      <Stack gap="xs" mt={6}>
        <Radio
          value="unchanged"
          label={t("credentials.holderGone", { holder })}
          description={t("credentials.keptAsItWas")}
        />
        <Radio
          value="refused"
          label={t("credentials.notAccepted")}
          description={t("credentials.keptInDoubt")}
        />
      </Stack>
    </Radio.Group>
  );
}
