import { Loader } from "@mantine/core";
import type { ReactNode } from "react";

import type { Problem } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import { ProblemPanel } from "../../ui/problem-panel";
import type { Connection } from "./connection";
import { Curtain } from "./curtain";
import classes from "./desktop.module.css";

interface Props {
  state: Connection;
  /** What lies there until the machine has confirmed itself; null once it has. */
  preparing?: ReactNode;
  /** What is said while it opens. */
  opening: PlainKey;
  /** What is said when it is not there. */
  lost?: PlainKey;
  lastGoodStep: string;
  retryNow: () => void;
}

/** What lies over a view that is not shown: that it opens, why it is gone, or that it is over. */
export function Cover({ state, preparing = null, opening, lost = "desktop.notConnected", ...rest }: Props) {
  const title = t(lost);
  switch (state.kind) {
    case "shown":
      return null;
    case "over":
      return <Over problem={state.problem} />;
    case "lost":
      if (isHidden(state.problem, preparing)) return <Preparing>{preparing}</Preparing>;
      return <Curtain title={title} problem={state.problem} retryAt={state.retryAt} {...rest} />;
    case "asking":
    case "opening":
      if (isHidden(state.problem, preparing)) return <Preparing>{preparing}</Preparing>;
      if (state.problem === null) return <Opening words={opening} />;
      return <Curtain title={title} problem={state.problem} retryAt={null} {...rest} />;
  }
}

/** Of a machine that has not confirmed itself yet, nothing is said but that; every other cause is told. */
const isHidden = (problem: Problem | null, preparing: ReactNode): boolean =>
  preparing !== null && (problem === null || problem.code === "machine_unconfirmed");

function Preparing({ children }: { children: ReactNode }) {
  return <div className={classes.preparing}>{children}</div>;
}

function Opening({ words }: { words: PlainKey }) {
  return (
    <div className={classes.opening} role="status">
      <Loader size="sm" /> {t(words)}
    </div>
  );
}

function Over({ problem }: { problem: Problem }) {
  return (
    <div className={classes.curtain}>
      <div className={classes.notice}>
        <ProblemPanel title={t("watch.isOver")} problem={problem} />
      </div>
    </div>
  );
}
