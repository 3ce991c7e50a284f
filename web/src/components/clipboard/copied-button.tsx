import { Button, VisuallyHidden } from "@mantine/core";
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
  return (
    <>
      {copied !== null && <CopiedPopover copied={copied} take={take} />}
      <News copied={copied} />
    </>
  );
}

interface PopoverProps {
  copied: NonNullable<Clipboard["copied"]>;
  take: Clipboard["take"];
}

function CopiedPopover({ copied, take }: PopoverProps) {
  /** Of the copy that was closed. */
  const [closed, setClosed] = useState<number | null>(null);
  const [asked, setAsked] = useState(false);
  /** The copy that the browser did not take even by a click. */
  const [refused, setRefused] = useState<number | null>(null);
  const opened = asked || (!copied.taken && closed !== copied.number);
  const close = (): void => {
    setAsked(false);
    setClosed(copied.number);
  };
  const copy = (): void => {
    setAsked(true); // or the popover would close under the button that has the focus
    void take().then((taken) => {
      setRefused(taken ? null : copied.number);
    });
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
      <div className={classes.copied}>
        <h3>{t("viewing.copiedThere")}</h3>
        {copied.text === null ? (
          <p>{t("viewing.copyTooLong")}</p>
        ) : (
          <>
            <pre dir="auto">{brief(copied.text)}</pre>
            <Button
              size="xs"
              leftSection={copied.taken ? <IconCheck size={14} /> : <IconCopy size={14} />}
              onClick={copy}
            >
              {t(copied.taken ? "viewing.onClipboard" : "viewing.copy")}
            </Button>
            {refused === copied.number && <p role="alert">{t("common.notCopied")}</p>}
          </>
        )}
      </div>
    </ToolPopover>
  );
}

/** Read out, in a region that is there before it has something to say; the same words twice are said twice. */
function News({ copied }: Pick<Clipboard, "copied">) {
  return (
    <VisuallyHidden role="status">
      {copied !== null && (
        <span key={`${copied.number} ${String(copied.taken)}`}>
          {t(copied.taken ? "viewing.onClipboard" : "viewing.copiedThere")}
        </span>
      )}
    </VisuallyHidden>
  );
}

function brief(text: string): string {
  const characters = Array.from(text.slice(0, 2 * SHOWN));
  return characters.length <= SHOWN ? text : `${characters.slice(0, SHOWN).join("")}…`;
}
