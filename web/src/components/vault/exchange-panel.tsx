import { Button, Progress as Bar } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { Exchanged, Progress } from "../../api/key-exchange";
import { asProblem } from "../../api/problem";
import { rich, t } from "../../i18n";
import { Panel } from "../../ui/panel";
import { ProblemPanel } from "../../ui/problem-panel";
import classes from "./exchange-panel.module.css";
import { unfinished } from "./exchange-words";

/** An exchange of the master key: not asked for, under way (null: no batch is done yet), or over. */
export type ExchangeState =
  | { kind: "idle" }
  | { kind: "running"; progress: Progress | null }
  | { kind: "failed"; error: unknown; progress: Progress | null }
  | { kind: "ended"; exchanged: Exchanged };

interface Props {
  state: ExchangeState;
  exchange: () => void;
}

/** How an exchange of the master key goes, or how it ended. */
export function ExchangePanel({ state, exchange }: Props) {
  if (state.kind === "idle") return null;
  return (
    <div className={classes.place}>
      <Panel title={t("vault.masterKey")}>
        <div role="status">{said(state)}</div>
        {problemIn(state, <Button onClick={exchange}>{t("vault.goOn")}</Button>)}
      </Panel>
    </div>
  );
}

function said(state: ExchangeState): ReactNode {
  switch (state.kind) {
    case "idle":
      return null;
    case "running":
      return <Running progress={state.progress} />;
    case "failed":
      return state.progress !== null && <p className={classes.line}>{soFar(state.progress)}</p>;
    case "ended":
      return state.exchanged.finished && <Done exchanged={state.exchanged} />;
  }
}

function problemIn(state: ExchangeState, goOn: ReactNode): ReactNode {
  if (state.kind === "failed")
    return <ProblemPanel title={t("vault.notFinished")} problem={asProblem(state.error)} action={goOn} />;
  if (state.kind === "ended" && !state.exchanged.finished)
    return <ProblemPanel title={t("vault.keyKept")} problem={unfinished(state.exchanged)} action={goOn} />;
  return null;
}

const soFar = ({ rewrapped, remaining }: Progress): string =>
  t("vault.soFar", { count: rewrapped, remaining });

function Running({ progress }: { progress: Progress | null }) {
  return (
    <>
      <p className={classes.line}>{progress === null ? t("vault.putting") : soFar(progress)}</p>
      {progress !== null && (
        <Bar
          aria-label={t("vault.exchange")}
          value={(100 * progress.rewrapped) / (progress.rewrapped + progress.remaining)}
        />
      )}
    </>
  );
}

function Done({ exchanged: { key_id, rewrapped } }: { exchanged: Exchanged }) {
  return (
    <p className={classes.done}>
      <IconCheck size={18} aria-hidden="true" />
      <span>{rich("vault.done", { count: rewrapped, id: key_id })}</span>
    </p>
  );
}
