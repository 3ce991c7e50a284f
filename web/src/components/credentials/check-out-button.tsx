import { Radio, Stack, TextInput } from "@mantine/core";
import { IconArrowBarToRight } from "@tabler/icons-react";
import { useState } from "react";

import { t } from "../../i18n";
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
      verb={t("credentials.checkOut")}
      name={name}
      icon={<IconArrowBarToRight size={16} />}
      title={t("credentials.checkOutName", { name })}
      confirm={
        way === "command"
          ? null
          : { label: t("credentials.checkOutAndDownload"), disabled: !isHolder(holder), input: holder }
      }
      action={checkOut}
      refusal={t("credentials.notCheckedOut")}
      onOpen={() => {
        setHolder("");
        setWay("command");
      }}
    >
      <p>{t("credentials.oneHolder")}</p>
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
      label={t("credentials.whoHolds")}
      description={way === "command" ? t("credentials.holderOptional") : t("credentials.holderRequired")}
      error={wrong && t("credentials.holderWrong")}
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
  return <Warning>{t("credentials.secretWarning")}</Warning>;
}

function WayChoice({ way, choose }: { way: Way; choose: (way: Way) => void }) {
  return (
    <Radio.Group
      label={t("credentials.how")}
      value={way}
      onChange={(value) => {
        choose(value === "download" ? "download" : "command");
      }}
    >
      <Stack gap="xs" mt={6}>
        <Radio
          value="command"
          label={t("credentials.byCommand")}
          description={t("credentials.byCommandText")}
        />
        <Radio
          value="download"
          label={t("credentials.byDownload")}
          description={t("credentials.byDownloadText")}
        />
      </Stack>
    </Radio.Group>
  );
}

function ByCommand({ id, holder }: { id: string; holder: string }) {
  const named = isHolder(holder) ? ` --holder ${holder}` : "";
  return (
    <>
      <p>{t("credentials.runItThere")}</p>
      <Command text={`vestibule credentials checkout ${id}${named} --to ~`} />
    </>
  );
}
