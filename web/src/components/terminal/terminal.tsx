import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode, type RefObject } from "react";

import type { MachineAccess } from "../../api/machine-access";
import { t } from "../../i18n";
import type { Connection } from "../desktop/connection";
import { Cover } from "../desktop/cover";
import desktop from "../desktop/desktop.module.css";
import { DesktopLink } from "../desktop/desktop-link";
import { FullScreenButton } from "../desktop/full-screen-button";
import { Readout } from "../desktop/readout";
import { useReturnOfNetwork } from "../desktop/use-desktop-link";
import { useFullScreen } from "../desktop/use-full-screen";
import { DropZone } from "../files/drop-zone";
import type { Files } from "../files/use-files";
import { CopyRefused } from "./copy-refused";
import { openTerminal, type TerminalSurface } from "./terminal-surface";
import classes from "./terminal.module.css";

interface Props {
  machine: MachineAccess;
  files: Files;
  askSession: () => void;
  /** “Ready, 14:05:09”; told when the connection is lost. */
  lastGoodStep: string;
  /** Whether the machine has confirmed itself: before, it has no terminal for anybody. */
  confirmed: boolean;
  /** What lies over the terminal until then; null leaves it to the desktop beside it. */
  preparing: ReactNode;
  /** Whether it is what the person came for: then it has the keyboard at once. */
  alone: boolean;
  /** Gives the focus to what is before the terminal. */
  leave: () => void;
  /** More buttons of its bar. */
  tools: ReactNode;
}

/** The tool's terminal by itself, which connects again and says why when it is not there. */
export function TerminalPane({ files, lastGoodStep, preparing, leave, tools, ...parts }: Props) {
  const section = useRef<HTMLElement>(null);
  const { target, link, state } = useTerminalLink(parts);
  const fullScreen = useFullScreen(section);
  useWayOut(target, () => {
    // In full screen, what is before the terminal is not seen.
    if (fullScreen.on) section.current?.querySelector("button")?.focus();
    else leave();
  });
  const surface = state.kind === "shown" ? link.shown : undefined;
  return (
    <section
      ref={section}
      className={classes.terminal}
      aria-label={t("viewing.theTerminal")}
      data-kind="terminal"
    >
      <div className={desktop.toolbar} role="group" aria-label={t("viewing.terminalControls")}>
        <span className={classes.hint}>{t("viewing.wayOut")}</span>
        {surface !== undefined && <Readout surface={surface} hint={t("viewing.readoutHint")} />}
        {tools}
        <FullScreenButton fullScreen={fullScreen} />
      </div>
      <div className={classes.stage}>
        <div ref={target} className={classes.target} />
        <CopyRefused target={target} />
        <DropZone files={files} />
        <Cover
          {...{ state, preparing, lastGoodStep }}
          opening="viewing.opening"
          lost="viewing.terminalLost"
          retryNow={link.retryNow}
        />
      </div>
    </section>
  );
}

interface TerminalView {
  target: RefObject<HTMLDivElement | null>;
  link: DesktopLink<TerminalSurface>;
  state: Connection;
}

function useTerminalLink(parts: Pick<Props, "machine" | "askSession" | "confirmed" | "alone">): TerminalView {
  const { confirmed, alone } = parts;
  const target = useRef<HTMLDivElement>(null);
  const latest = useRef(parts);
  const [link] = useState(() => new DesktopLink<TerminalSurface>());
  const state = useSyncExternalStore(link.subscribe, link.current);
  useEffect(() => {
    latest.current = parts;
  });
  const wantsKeys = useRef(alone);
  useEffect(() => {
    if (!confirmed) return undefined;
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
  }, [link, confirmed]);
  useReturnOfNetwork(link);
  return { target, link, state };
}

/** Shift+Esc gives the keyboard back to the page: the terminal takes every other key (WCAG 2.1.2). */
function useWayOut(target: RefObject<HTMLElement | null>, leave: () => void): void {
  const latest = useRef(leave);
  useEffect(() => {
    latest.current = leave;
  });
  useEffect(() => {
    const element = target.current;
    const hear = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      latest.current();
    };
    element?.addEventListener("keydown", hear, { capture: true });
    return () => {
      element?.removeEventListener("keydown", hear, { capture: true });
    };
  }, [target]);
}
