import { Button, TextInput } from "@mantine/core";
import { useState } from "react";

import { asProblem } from "../../api/problem";
import classes from "./sign-in-box.module.css";

interface Props {
  tool: string;
  paste: (text: string) => Promise<unknown>;
}

type Sending = { kind: "idle" } | { kind: "busy" } | { kind: "sent" } | { kind: "refused"; cause: string };

/** Types the provider's code into the tool, so that nobody has to paste through the desktop. */
export function PasteBox({ tool, paste }: Props) {
  const [text, setText] = useState("");
  const [sending, setSending] = useState<Sending>({ kind: "idle" });
  const send = (): void => {
    setSending({ kind: "busy" });
    paste(text.trim()).then(
      () => {
        setText("");
        setSending({ kind: "sent" });
      },
      (error: unknown) => {
        setSending({ kind: "refused", cause: asProblem(error).cause });
      },
    );
  };
  return (
    <section className={classes.box} aria-label="Paste the code">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <TextInput
          label="Paste the code"
          description={`It is typed into ${tool}'s terminal, then Enter.`}
          value={text}
          autoComplete="off"
          spellCheck={false}
          error={sending.kind === "refused" ? sending.cause : undefined}
          onChange={(event) => {
            setText(event.currentTarget.value);
          }}
        />
        <Button type="submit" size="sm" disabled={text.trim() === ""} loading={sending.kind === "busy"}>
          Send
        </Button>
      </form>
      <span role="status">{sending.kind === "sent" ? "Sent to the tool." : ""}</span>
    </section>
  );
}
