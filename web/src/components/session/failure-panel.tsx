import { Button, Code } from "@mantine/core";
import { IconDoorOff, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { asProblem } from "../../api/problem";
import type { Failure } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import { brief } from "../../ui/brief";
import { Evidence } from "../../ui/evidence";
import { ProblemPanel } from "../../ui/problem-panel";
import type { ToldFailure } from "./area";
import classes from "./ending.module.css";
import { lastLines } from "./last-lines";
import { ORDER, STEP_WORDS, type Step } from "./rail";

interface Props {
  title: string;
  /** An end that the person wanted is no alarm. */
  tone: "bad" | "quiet";
  failure: ToldFailure;
  retry: { busy: boolean; start: () => void } | null;
  /** Address of a picture of the machine's desktop, where one was kept. */
  picture: string | null;
  /** Where to go when trying again comes to the same end. */
  elsewhere: ReactNode;
  /** Why the last press of *Try again* came to nothing. */
  error: unknown;
}

/** Why a session ended without a credential: cause, last good step, remedy, one action, evidence. */
export function FailurePanel({ title, tone, failure, picture, retry, elsewhere, error }: Props) {
  // Of the picture, the evidence names a file on the controller's host.
  const texts = Object.fromEntries(
    Object.entries(failure.evidence ?? {}).filter(([name]) => picture === null || name !== "screenshot"),
  );
  const last = lastLines(failure.evidence ?? {});
  return (
    <div className={classes.ending} data-tone={tone}>
      <IconDoorOff className={classes.sign} size={44} stroke={1.5} aria-hidden="true" />
      <h2>{title}</h2>
      <p className={classes.cause} lang={failure.own ? undefined : "en"}>
        {failure.cause}
      </p>
      <p className={classes.next} lang={failure.own ? undefined : "en"}>
        {failure.remedy}
      </p>
      <dl className={classes.small}>
        <dt>{t("session.code")}</dt>
        <dd>
          <Code>{failure.code}</Code>
        </dd>
        <dt>{t("session.lastGoodStep")}</dt>
        <dd>{stepName(failure.stage)}</dd>
        <Id name={t("common.golden")} value={failure.golden_id} />
        <Id name={t("session.agent")} value={failure.agent_build} />
      </dl>
      {retry === null ? (
        <>
          <p className={classes.next}>{t("session.sameEnd")}</p>
          {elsewhere}
        </>
      ) : (
        <Button size="md" leftSection={<IconRefresh size={18} />} loading={retry.busy} onClick={retry.start}>
          {t("common.tryAgain")}
        </Button>
      )}
      {error !== null && <ProblemPanel title={t("session.couldNotStartAgain")} problem={asProblem(error)} />}
      <div className={classes.evidence}>
        {last !== null && <LastLines {...last} />}
        {picture !== null && (
          <figure className={classes.picture}>
            {/* Its caption says what it is; the agent draws desktops of this size (services.py). */}
            <img src={picture} alt="" width={1280} height={800} />
            <figcaption>{t("session.pictureOfFailure")}</figcaption>
          </figure>
        )}
        <Evidence evidence={texts} />
      </div>
    </div>
  );
}

/** What is read first of the evidence; the whole is folded below. */
function LastLines({ title, lines }: { title: PlainKey; lines: string }) {
  return (
    <section aria-label={t(title)}>
      <h3 className={classes.lastName}>{t(title)}</h3>
      <pre className={classes.last} lang="en" tabIndex={0}>
        {lines}
      </pre>
    </section>
  );
}

/** Two machines of one golden and one agent are alike: what failed is told apart by them. */
function Id({ name, value }: { name: string; value: string | null }) {
  if (value === null) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code title={value}>{brief(value)}</code>
      </dd>
    </>
  );
}

function stepName(stage: Failure["stage"]): string {
  return stage !== null && isStep(stage) ? t(STEP_WORDS[stage].reached) : t("session.notRecorded");
}

function isStep(stage: string): stage is Step {
  return (ORDER as readonly string[]).includes(stage);
}
