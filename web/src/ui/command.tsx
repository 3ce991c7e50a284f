import { t } from "../i18n";
import classes from "./command.module.css";
import { CopyIcon } from "./copy-button";

/** A command to run elsewhere, with its copy button; it breaks where there is no room for it. */
export function Command({ text }: { text: string }) {
  return (
    <div className={classes.command}>
      <code className={classes.text}>{text}</code>
      <CopyIcon value={text} what={t("common.commandText", { text })} />
    </div>
  );
}
