import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";

import { asProblem } from "../api/problem";
import { t } from "../i18n";
import { ProblemPanel } from "../ui/problem-panel";

/** Says so when a page cannot be drawn, instead of an empty window; React reports the error on the console. */
export class CrashGate extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const reload = (): void => {
      window.location.reload();
    };
    return (
      <ProblemPanel
        title={t("shell.crashed")}
        problem={asProblem(error)}
        action={<Button onClick={reload}>{t("shell.reload")}</Button>}
      />
    );
  }
}
