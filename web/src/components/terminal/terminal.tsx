import { IconCommand } from "@tabler/icons-react";
import { useRef, useState, type ReactNode, type RefObject } from "react";

import type { MachineAccess } from "../../api/machine-access";
import { t } from "../../i18n";
import type { Connection } from "../desktop/connection";
import { PasteButton } from "../clipboard/paste-button";
import { Cover } from "../desktop/cover";
import desktop from "../desktop/desktop.module.css";
import type { DesktopLink } from "../desktop/desktop-link";
import { FullScreenButton } from "../desktop/full-screen-button";
import { Readout } from "../desktop/readout";
import { ToolButton } from "../desktop/tool-button";
import { useFullScreen } from "../desktop/use-full-screen";
import { useViewLink } from "../desktop/use-view-link";
import { useWayOut } from "../desktop/use-way-out";
import { DropZone } from "../files/drop-zone";
import type { Files } from "../files/use-files";
import { CopyRefused } from "./copy-refused";
import { openTerminal, type TerminalSurface } from "./terminal-surface";
import { TerminalKeysRow } from "./terminal-keys-row";
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
  /** Whether it is what the person came for: then it has the keyboard at once, and what else one types with. */
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
  const [keysShown, showKeys] = useState(false);
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
        <span className={classes.hint}>
          <span>{t("viewing.wayOut")}</span>
        </span>
        {surface !== undefined && <Readout surface={surface} hint={t("viewing.readoutHint")} />}
        {parts.alone && (
          <>
            <ToolButton
              label={t("desktop.onScreenKeys")}
              pressed={keysShown}
              onClick={() => {
                showKeys(!keysShown);
              }}
            >
              <IconCommand size={18} />
            </ToolButton>
            <PasteButton clipboard={pastingInto(surface)} disabled={surface === undefined} />
          </>
        )}
        {tools}
        <FullScreenButton fullScreen={fullScreen} />
      </div>
      {parts.alone && keysShown && <TerminalKeysRow press={surface?.press} />}
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

/** What is pasted goes straight to the terminal: nothing can be wrong with it. */
function pastingInto(surface: TerminalSurface | undefined) {
  return {
    paste: (text: string) => {
      surface?.paste(text);
      return Promise.resolve();
    },
    focus: () => surface?.focus(),
    problem: null,
    dismiss: () => undefined,
  };
}

interface TerminalView {
  target: RefObject<HTMLDivElement | null>;
  link: DesktopLink<TerminalSurface>;
  state: Connection;
}

function useTerminalLink(parts: Pick<Props, "machine" | "askSession" | "confirmed" | "alone">): TerminalView {
  const target = useRef<HTMLDivElement>(null);
  const wantsKeys = useRef(parts.alone);
  const { link, state } = useViewLink<TerminalSurface>(
    {
      askTicket: () => parts.machine.askTicket(),
      askSession: parts.askSession,
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
    },
    parts.confirmed,
  );
  return { target, link, state };
}
