import { IconDownload } from "@tabler/icons-react";

import { Command } from "../../ui/command";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { Warning } from "../../ui/warning";
import { AskedButton } from "./asked-button";
import type { Held } from "./credential-words";

interface Props {
  id: string;
  name: string;
  held: Held | null;
  /** Downloads a copy. */
  takeCopy: ConfirmedAction<undefined>;
}

/** A copy for its owner, after a question: it is the secret itself. */
export function ExportButton({ id, name, held, takeCopy }: Props) {
  return (
    <AskedButton
      verb="Export"
      name={name}
      icon={<IconDownload size={16} />}
      title={`Export a copy of ${name}?`}
      confirm={{ label: "Export and download", input: undefined }}
      action={takeCopy}
      refusal="It was not exported"
    >
      <p>
        For a backup: all of the tool’s files in one JSON. The audit log notes it. To use it somewhere, check
        it out instead.
      </p>
      <Warning>
        The download holds the secret itself: whoever has it is signed in as you.
        {held !== null && ` Used beside ${held.holder}, who holds it, it may log both out.`}
      </Warning>
      <p>Without a download, on a command line:</p>
      <Command text={`vestibule credentials export ${id} --to ~`} />
    </AskedButton>
  );
}
