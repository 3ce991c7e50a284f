import { Button, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconClipboardText } from "@tabler/icons-react";
import { useRef, useState } from "react";

import type { Notice } from "../../api/types";
import { t } from "../../i18n";
import type { Outcome } from "./pasting";
import { useFocusWhen } from "./use-focus-when";
import { usePasting } from "./use-pasting";
import classes from "./paste-box.module.css";

interface Props {
  tool: string;
  /** The tool waits for the code now. */
  asked: boolean;
  /** There is a tool to type into. */
  ready: boolean;
  /** What the tool refused last. */
  refusal: Notice | null;
  paste: (text: string) => Promise<unknown>;
}

/** Types the provider's code into the tool, so that nobody has to paste through the desktop. */
export function PasteBox({ tool, asked, ready, refusal, paste }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const { outcome, send } = usePasting(refusal, paste);
  const code = text.trim();
  useFocusWhen(field, asked);
  const submit = async (): Promise<void> => {
    if (code === "" || !ready || outcome.kind === "busy") return;
    if (await send(code)) setText("");
    field.current?.focus();
  };
  return (
    <section className={classes.box} data-asked={asked} aria-label={t("session.pasteCode")}>
      <form
        className={classes.form}
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <TextInput
          ref={field}
          label={t("session.pasteCode")}
          description={purpose(tool, asked, ready)}
          leftSection={<IconClipboardText size={16} aria-hidden="true" />}
          value={text}
          autoComplete="off"
          autoCapitalize="off"
          autoCorrect="off"
          spellCheck={false}
          error={outcome.kind === "wrong"}
          onChange={(event) => {
            setText(event.currentTarget.value);
          }}
        />
        <Button
          type="submit"
          variant={asked ? "filled" : "default"}
          disabled={code === "" || !ready}
          loading={outcome.kind === "busy"}
        >
          {t("session.send")}
        </Button>
      </form>
      <Told outcome={outcome} />
    </section>
  );
}

function purpose(tool: string, asked: boolean, ready: boolean): string {
  if (!ready) return t("session.pasteNotReady", { tool });
  if (!asked) return t("session.pasteLater", { tool });
  return t("session.pasteNow", { tool });
}

/** What came of the last code; both regions are there before, so that what comes into them is read out. */
function Told({ outcome }: { outcome: Outcome }) {
  return (
    <>
      <div role="status" className={classes.sent}>
        {outcome.kind === "sent" && t("session.sent")}
      </div>
      <div role="alert" className={classes.wrong}>
        {outcome.kind === "wrong" && (
          <>
            <IconAlertTriangle size={18} aria-hidden="true" />
            <p>
              <strong>{outcome.cause}</strong> {outcome.remedy}
            </p>
          </>
        )}
      </div>
    </>
  );
}
