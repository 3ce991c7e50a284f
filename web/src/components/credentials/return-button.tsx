import { IconArrowBarToLeft } from "@tabler/icons-react";

import { Ago } from "../../ui/ago";
import { Command } from "../../ui/command";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { Warning } from "../../ui/warning";
import { AskedButton } from "./asked-button";
import type { Held } from "./credential-words";

interface Props {
  id: string;
  name: string;
  held: Held;
  /** Takes it back in this holder's name, unchanged. */
  takeBack: ConfirmedAction<string>;
}

/** Takes it back from a holder that is gone, after a question: what it refreshed is not known here. */
export function ReturnButton({ id, name, held: { holder, since }, takeBack }: Props) {
  return (
    <AskedButton
      verb="Return"
      name={name}
      icon={<IconArrowBarToLeft size={16} />}
      title={`Return ${name}?`}
      confirm={{ label: "Return it unchanged", input: holder }}
      action={takeBack}
      refusal="It was not returned"
    >
      <p>
        <strong>{holder}</strong> checked it out <Ago at={since} />. Where it still runs, let it bring back
        what the tool has refreshed:
      </p>
      <Command text={`vestibule credentials return ${id} --holder ${holder} --from ~`} />
      <p>If {holder} is gone, take it back here in its name; the vault keeps it as it was checked out.</p>
      <Warning>
        If {holder} has refreshed it, the provider may refuse what the vault has. Then renew it.
      </Warning>
    </AskedButton>
  );
}
