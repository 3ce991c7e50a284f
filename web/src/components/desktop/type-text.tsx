import { Button, Textarea } from "@mantine/core";
import { IconForms } from "@tabler/icons-react";
import { useState } from "react";

import { t } from "../../i18n";
import classes from "./desktop.module.css";
import type { Surface } from "./desktop-link";
import { ToolButton } from "./tool-button";
import { ToolPopover } from "./tool-popover";

/** Types text where the machine's cursor is: pasting, phones, and characters that a keyboard lacks. */
export function TypeText({ surface }: { surface: Surface | undefined }) {
  const [opened, setOpened] = useState(false);
  const [text, setText] = useState("");
  const send = (): void => {
    surface?.type(text);
    setText("");
    setOpened(false);
    surface?.focus();
  };
  return (
    <ToolPopover
      opened={opened}
      onChange={setOpened}
      width={300}
      trapFocus
      button={
        <ToolButton
          label={t("desktop.typeText")}
          expanded={opened}
          disabled={surface === undefined}
          onClick={() => {
            setOpened(!opened);
          }}
        >
          <IconForms size={18} />
        </ToolButton>
      }
    >
      <div className={classes.typing}>
        <Textarea
          label={t("desktop.textToType")}
          description={t("desktop.typeTextHint")}
          autosize
          minRows={2}
          maxRows={6}
          value={text}
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            setText(event.currentTarget.value);
          }}
        />
        <Button size="xs" disabled={text === ""} onClick={send}>
          {t("desktop.typeIt")}
        </Button>
      </div>
    </ToolPopover>
  );
}
