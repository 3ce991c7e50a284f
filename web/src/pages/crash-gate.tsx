import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { useLocation } from "wouter";

import { asProblem } from "../api/problem";
import { t } from "../i18n";
import { ProblemPanel } from "../ui/problem-panel";

interface Props {
  children: ReactNode;
  /** Called when something cannot be drawn, or does not arrive. */
  onCrash?: () => void;
}

/**
 * Says so when a page, or a part of it, cannot be drawn, instead of an empty window; React reports the error on
 * the console.  Elsewhere is another try.
 */
export function CrashGate(props: Props) {
  const [at] = useLocation();
  return <Gate at={at} {...props} />;
}

interface State {
  error: unknown;
  /** Where it was when it was drawn last. */
  at: string;
}

class Gate extends Component<Props & { at: string }, State> {
  override state: State = { error: null, at: this.props.at };

  static getDerivedStateFromError(error: unknown): Pick<State, "error"> {
    return { error };
  }

  static getDerivedStateFromProps({ at }: { at: string }, state: State): State | null {
    return at === state.at ? null : { error: null, at };
  }

  override componentDidCatch(): void {
    this.props.onCrash?.();
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
