import { Radio, Stack, TextInput } from "@mantine/core";
import { IconArrowBarToRight } from "@tabler/icons-react";
import { useState } from "react";

import { Command } from "../../ui/command";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { Warning } from "../../ui/warning";
import { AskedButton } from "./asked-button";
import { isHolder } from "./credential-words";

interface Props {
  id: string;
  name: string;
  /** Checks it out to this holder and downloads its files. */
  checkOut: ConfirmedAction<string>;
}

type Way = "command" | "download";

/** Hands it to one holder: best by a command where the tool runs, so that the secret passes through no browser. */
export function CheckOutButton({ id, name, checkOut }: Props) {
  const [holder, setHolder] = useState("");
  const [way, setWay] = useState<Way>("command");
  return (
    <AskedButton
      verb="Check out"
      name={name}
      icon={<IconArrowBarToRight size={16} />}
      title={`Check out ${name}`}
      confirm={
        way === "command"
          ? null
          : { label: "Check out and download", disabled: !isHolder(holder), input: holder }
      }
      action={checkOut}
      refusal="It was not checked out"
      onOpen={() => {
        setHolder("");
        setWay("command");
      }}
    >
      <p>One holder has it and refreshes it. Nobody else can check it out until it is returned.</p>
      <HolderField holder={holder} way={way} change={setHolder} />
      <WayChoice way={way} choose={setWay} />
      {way === "command" ? <ByCommand id={id} holder={holder} /> : <SecretWarning />}
    </AskedButton>
  );
}

interface HolderProps {
  holder: string;
  way: Way;
  change: (holder: string) => void;
}

function HolderField({ holder, way, change }: HolderProps) {
  const wrong = holder !== "" && !isHolder(holder);
  return (
    <TextInput
      label="Who holds it"
      description={
        way === "command"
          ? "A name for where the tool runs. Empty, it is that host’s own."
          : "A name for where the tool runs, such as its host’s."
      }
      error={wrong && "Letters, digits and . _ @ : - alone, the first a letter or a digit."}
      value={holder}
      required={way === "download"}
      maxLength={128}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => {
        change(event.currentTarget.value.trim());
      }}
    />
  );
}

function SecretWarning() {
  return (
    <Warning>
      The download holds the secret itself: whoever has it is signed in as you. Delete it once the tool has
      its files.
    </Warning>
  );
}

function WayChoice({ way, choose }: { way: Way; choose: (way: Way) => void }) {
  return (
    <Radio.Group
      label="How"
      value={way}
      onChange={(value) => {
        choose(value === "download" ? "download" : "command");
      }}
    >
      <Stack gap="xs" mt={6}>
        <Radio
          value="command"
          label="By a command where the tool runs"
          description="Its files go straight into the home, with their modes; no copy is left behind."
        />
        <Radio
          value="download"
          label="By a download in this browser"
          description="All files in one JSON, each with its path, mode and content (Base64)."
        />
      </Stack>
    </Radio.Group>
  );
}

function ByCommand({ id, holder }: { id: string; holder: string }) {
  const named = isHolder(holder) ? ` --holder ${holder}` : "";
  return (
    <>
      <p>Run it there; the credential is checked out as soon as it has run:</p>
      <Command text={`vestibule credentials checkout ${id}${named} --to ~`} />
    </>
  );
}
