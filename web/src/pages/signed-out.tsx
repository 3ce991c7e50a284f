import { Title } from "@mantine/core";

import { rich, t } from "../i18n";
import { CopyIcon } from "../ui/copy-button";
import { Logo } from "../ui/logo";
import { useDocumentTitle } from "../ui/page-head";
import classes from "./sign-in-page.module.css";

const COMMAND = "vestibule user link NAME";

/** For everyone whom the controller does not know: how to get in. */
export function SignedOut() {
  useDocumentTitle(t("shell.signIn"));
  return (
    <div className={classes.page}>
      <Logo size={72} />
      <Title order={1} fz={28}>
        {t("shell.atTheDoor")}
      </Title>
      <p>{rich("shell.howToGetIn")}</p>
      <div className={classes.command}>
        <code>{COMMAND}</code>
        <CopyIcon value={COMMAND} what={t("shell.command")} />
      </div>
    </div>
  );
}
