import { IconTrash } from "@tabler/icons-react";

import { Ago } from "../../ui/ago";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { Warning } from "../../ui/warning";
import { AskedButton } from "./asked-button";
import type { Held } from "./credential-words";

interface Props {
  name: string;
  held: Held | null;
  remove: ConfirmedAction<undefined>;
}

/** Takes its content out of the vault, after a question that names who has it. */
export function DeleteButton({ name, held, remove }: Props) {
  return (
    <AskedButton
      verb="Delete"
      name={name}
      icon={<IconTrash size={16} />}
      title={`Delete ${name}?`}
      confirm={{ label: "Delete it", color: "red", input: undefined }}
      action={remove}
      refusal="It was not deleted"
    >
      <p>Its content is taken out of the vault for good. Its history stays.</p>
      <p>The provider is not told: end the login in your account there, too.</p>
      {held !== null && (
        <Warning>
          <strong>{held.holder}</strong> checked it out <Ago at={held.since} /> and keeps its files.
        </Warning>
      )}
    </AskedButton>
  );
}
