import { Button, Textarea } from "@mantine/core";
import { IconClipboardText } from "@tabler/icons-react";
import { useState } from "react";

import type { Problem } from "../../api/types";
import { t } from "../../i18n";
import { ProblemText } from "../../ui/problem-text";
import { Warning } from "../../ui/warning";
import { ToolButton } from "../desktop/tool-button";
import { ToolPopover } from "../desktop/tool-popover";
import classes from "./clipboard.module.css";
import type { Clipboard } from "./use-clipboard";

interface Props {
  clipboard: Pick<Clipboard, "paste" | "problem" | "dismiss" | "focus">;
  disabled: boolean;
}

/** Pastes this device's clipboard into the machine; where the browser keeps it to itself, a field takes it. */
export function PasteButton({ clipboard, disabled }: Props) {
  const [asked, setAsked] = useState(false);
  const [text, setText] = useState("");
  const opened = asked || clipboard.problem !== null;
  const close = (): void => {
    setAsked(false);
    setText(""); // it is kept nowhere
    clipboard.dismiss();
  };
  const send = (given: string): void => {
    clipboard.paste(given).then(
      () => {
        setText("");
        setAsked(false);
        clipboard.focus(); // the field that had it is gone
      },
      () => {
        setText(given);
        setAsked(true);
      },
    );
  };
  return (
    <ToolPopover
      opened={opened && !disabled}
      onChange={(open) => {
        if (!open) close();
      }}
      width={300}
      trapFocus
      button={
        <ToolButton
          label={t("viewing.paste")}
          hint={t("viewing.pasteHint")}
          expanded={opened}
          disabled={disabled}
          onClick={() => {
            if (opened) close();
            else
              void readClipboard().then((found) => {
                if (found === null) setAsked(true);
                else send(found);
              });
          }}
        >
          <IconClipboardText size={18} />
        </ToolButton>
      }
    >
      <PasteField problem={clipboard.problem} {...{ text, setText, send }} />
    </ToolPopover>
  );
}

interface FieldProps {
  text: string;
  setText: (text: string) => void;
  send: (text: string) => void;
  problem: Problem | null;
}

function PasteField({ text, setText, send, problem }: FieldProps) {
  return (
    <div className={classes.paste}>
      <Textarea
        label={t("viewing.pasteHere")}
        description={t("viewing.pasteHereHint")}
        rows={3}
        value={text}
        data-autofocus
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setText(event.currentTarget.value);
        }}
      />
      {problem !== null && (
        <div role="alert">
          <Warning>
            <ProblemText problem={problem} />
          </Warning>
        </div>
      )}
      <Button
        size="xs"
        disabled={text === ""}
        onClick={() => {
          send(text);
        }}
      >
        {t("viewing.pasteIn")}
      </Button>
    </div>
  );
}

/** Null when the browser does not hand it over, or it holds no text. */
async function readClipboard(): Promise<string | null> {
  try {
    const text = await navigator.clipboard.readText();
    return text === "" ? null : text;
  } catch {
    return null;
  }
}
