import { Loader } from "@mantine/core";
import { useEffect, useRef, useState, useSyncExternalStore, type RefObject } from "react";

import type { MachineAccess } from "../../api/machine-access";
import { t } from "../../i18n";
import { Curtain } from "../desktop/curtain";
import { DesktopLink } from "../desktop/desktop-link";
import { useReturnOfNetwork } from "../desktop/use-desktop-link";
import { CopyRefused } from "./copy-refused";
import { openTerminal, type TerminalSurface } from "./terminal-surface";
import classes from "./terminal.module.css";

interface Props {
  machine: MachineAccess;
  askSession: () => void;
  /** “Ready, 14:05:09”; told when the connection is lost. */
  lastGoodStep: string;
  /** Whether it is what the person came for: then it has the keyboard at once. */
  alone: boolean;
}

/** The tool's terminal by itself, which connects again and says why when it is not there. */
export function TerminalPane({ lastGoodStep, alone, ...parts }: Props) {
  const target = useRef<HTMLDivElement>(null);
  const latest = useRef(parts);
  const [link] = useState(() => new DesktopLink<TerminalSurface>());
  const state = useSyncExternalStore(link.subscribe, link.current);
  useEffect(() => {
    latest.current = parts;
  });
  const wantsKeys = useRef(alone);
  useEffect(() => {
    link.start({
      askTicket: () => latest.current.machine.askTicket(),
      askSession: () => {
        latest.current.askSession();
      },
      openSurface: (ticket, listeners) => {
        if (target.current === null) throw new Error("The terminal's element is gone.");
        wantsKeys.current ||= target.current.contains(document.activeElement);
        return openTerminal(target.current, ticket, listeners);
      },
      restoreFocus: (surface) => {
        if (wantsKeys.current) surface.focus();
      },
      onTold: () => undefined,
      isAwaited: () => false,
      now: () => performance.now(),
      chance: Math.random,
    });
    return () => {
      link.stop();
    };
  }, [link]);
  useWayOut(target);
  useReturnOfNetwork(link);
  return (
    <section className={classes.terminal} aria-label={t("viewing.theTerminal")} data-kind="terminal">
      <div ref={target} className={classes.target} />
      <CopyRefused target={target} />
      {state.kind !== "shown" && state.problem === null && (
        <div className={classes.opening} role="status">
          <Loader size="sm" /> {t("viewing.opening")}
        </div>
      )}
      {state.kind !== "shown" && state.problem !== null && (
        <Curtain
          title={t("viewing.terminalLost")}
          problem={state.problem}
          retryAt={state.kind === "lost" ? state.retryAt : null}
          lastGoodStep={lastGoodStep}
          retryNow={link.retryNow}
        />
      )}
    </section>
  );
}

/** Shift+Esc gives the keyboard back to the page: the terminal takes every other key (WCAG 2.1.2). */
function useWayOut(target: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const element = target.current;
    const leave = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      document.querySelector<HTMLElement>('[role="radiogroup"] input:checked')?.focus();
    };
    element?.addEventListener("keydown", leave, { capture: true });
    return () => {
      element?.removeEventListener("keydown", leave, { capture: true });
    };
  }, [target]);
}
