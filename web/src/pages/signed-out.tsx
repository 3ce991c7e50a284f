import { Title } from "@mantine/core";

import { CopyIcon } from "../ui/copy-button";
import { Logo } from "../ui/logo";
import { useDocumentTitle } from "../ui/page-head";
import classes from "./sign-in-page.module.css";

const COMMAND = "vestibule user link NAME";

/** For everyone whom the controller does not know: how to get in. */
export function SignedOut() {
  useDocumentTitle("Sign in");
  return (
    <div className={classes.page}>
      <Logo size={72} />
      <Title order={1} fz={28}>
        You are at the door
      </Title>
      <p>
        This browser is not signed in. Open the one-time link that <code>vestibule up</code> printed, or ask
        for another where Vestibule runs:
      </p>
      <div className={classes.command}>
        <code>{COMMAND}</code>
        <CopyIcon value={COMMAND} what="command" />
      </div>
    </div>
  );
}
