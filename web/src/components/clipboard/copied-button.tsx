import { Button } from "@mantine/core";
import { IconCheck, IconClipboardCopy, IconCopy } from "@tabler/icons-react";
import { useState } from "react";

import { t } from "../../i18n";
import { ToolButton } from "../desktop/tool-button";
import { ToolPopover } from "../desktop/tool-popover";
import classes from "./clipboard.module.css";
import type { Clipboard } from "./use-clipboard";

/** Characters of a copy that are shown; the whole of it is copied. */
const SHOWN = 280;

/** What was copied in the machine, for who could not be given it without asking. */
export function CopiedButton({ clipboard: { copied, take } }: { clipboard: Clipboard }) {
  /** Of the copy that was closed. */
  const [closed, setClosed] = useState<number | null>(null);
  const [asked, setAsked] = useState(false);
  if (copied === null) return null;
  const opened = asked || (!copied.taken && closed !== copied.number);
  const close = (): void => {
    setAsked(false);
    setClosed(copied.number);
  };
  return (
    <ToolPopover
      opened={opened}
      onChange={(open) => {
        if (!open) close();
      }}
      width={300}
      button={
        <ToolButton
          label={t("viewing.copiedThere")}
          expanded={opened}
          onClick={() => {
            if (opened) close();
            else setAsked(true);
          }}
        >
          {copied.taken ? <IconCheck size={18} /> : <IconClipboardCopy size={18} />}
        </ToolButton>
      }
    >
      <div className={classes.copied} role="status">
        <h3>{t("viewing.copiedThere")}</h3>
        {copied.text === null ? (
          <p>{t("viewing.copyTooLong")}</p>
        ) : (
          <>
            <pre dir="auto">{brief(copied.text)}</pre>
            <Button
              size="xs"
              leftSection={copied.taken ? <IconCheck size={14} /> : <IconCopy size={14} />}
              onClick={take}
            >
              {t(copied.taken ? "viewing.onClipboard" : "viewing.copy")}
            </Button>
          </>
        )}
      </div>
    </ToolPopover>
  );
}

function brief(text: string): string {
  const characters = Array.from(text.slice(0, 2 * SHOWN));
  return characters.length <= SHOWN ? text : `${characters.slice(0, SHOWN).join("")}…`;
}
