import { Code } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";

import classes from "./problem-panel.module.css";
import { languageOf, type ToldProblem } from "./problem-text";

interface Props {
  title: string;
  problem: ToldProblem & { code: string };
  /** The one action that is offered. */
  action?: ReactNode;
}

/** What failed, why, what to do: every error on every page looks like this. */
export function ProblemPanel({ title, problem, action }: Props) {
  const lang = languageOf(problem);
  return (
    <div className={classes.panel} role="alert">
      <IconAlertTriangle className={classes.icon} size={20} aria-hidden="true" />
      <div className={classes.text}>
        <strong>{title}</strong>
        <p lang={lang}>{problem.cause}</p>
        <p className={classes.remedy} lang={lang}>
          {problem.remedy}
        </p>
        <Code className={classes.code}>{problem.code}</Code>
      </div>
      {action !== undefined && <div className={classes.action}>{action}</div>}
    </div>
  );
}
