import { Radio, Stack } from "@mantine/core";
import { IconArrowBarToLeft } from "@tabler/icons-react";
import { useState } from "react";

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
      verb="Return"
      name={name}
      icon={<IconArrowBarToLeft size={16} />}
      title={`Return ${name}?`}
      confirm={{
        label: refused ? "Return it as refused" : "Return it unchanged",
        input: { holder, refused },
      }}
      action={takeBack}
      refusal="It was not returned"
      onOpen={() => {
        setEnding("unchanged");
      }}
    >
      <p>
        <strong>{holder}</strong> checked it out <Ago at={since} />. Where it still runs, let it bring back
        what the tool has refreshed:
      </p>
      <Command text={`vestibule credentials return ${id} --holder ${holder} --from ~`} />
      <EndingChoice ending={ending} holder={holder} choose={setEnding} />
      {!refused && (
        <Warning>
          If {holder} has refreshed it, the provider may refuse what the vault has. Then renew it.
        </Warning>
      )}
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
      label={`Or take it back here in the name of ${holder}`}
      value={ending}
      onChange={(value) => {
        choose(value === "refused" ? "refused" : "unchanged");
      }}
    >
      <Stack gap="xs" mt={6}>
        <Radio
          value="unchanged"
          label={`${holder} is gone`}
          description="The vault keeps it as it was checked out."
        />
        <Radio
          value="refused"
          label="The provider did not accept it any more"
          description="The vault keeps it, too, and says that it may not work. Renew it then."
        />
      </Stack>
    </Radio.Group>
  );
}
