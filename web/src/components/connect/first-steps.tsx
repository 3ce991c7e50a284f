import { t } from "../../i18n";
import classes from "./guidance.module.css";

/** For who has connected nothing yet: the three steps of it. */
export function FirstSteps() {
  return (
    <section className={classes.guide} aria-label={t("connect.firstTitle")}>
      <h2>{t("connect.firstTitle")}</h2>
      <ol className={classes.steps}>
        <Step name={t("connect.firstPick")} text={t("connect.firstPickText")} />
        <Step name={t("connect.firstSignIn")} text={t("connect.firstSignInText")} />
        <Step name={t("connect.firstTake")} text={t("connect.firstTakeText")} />
      </ol>
    </section>
  );
}

function Step({ name, text }: { name: string; text: string }) {
  return (
    <li>
      <strong>{name}</strong>
      <p>{text}</p>
    </li>
  );
}
