import { SegmentedControl } from "@mantine/core";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { machineAccess } from "../api/machine-access";
import { Desktop } from "../components/desktop/desktop";
import { forgetClick } from "../components/desktop/first-frame";
import { FilesButton } from "../components/files/files-button";
import { useFiles } from "../components/files/use-files";
import { TerminalPane } from "../components/terminal/terminal";
import { keepView, loadView, VIEWS, type View } from "../components/terminal/view-choice";
import { t, type PlainKey } from "../i18n";
import classes from "./machine-views.module.css";

const WORDS: Readonly<Record<View, PlainKey>> = {
  desktop: "viewing.desktop",
  terminal: "viewing.terminal",
  both: "viewing.both",
};

interface Props {
  vmId: string;
  /** Whether the sign-in can come to its end on the machine's desktop alone. */
  needsDesktop: boolean;
  askSession: () => void;
  pageTitle: string | null;
  lastGoodStep: string;
  onFirstFrame: () => void;
  /** Null: the machine has confirmed itself. */
  preparing: ReactNode;
  /** More buttons of the toolbar. */
  tools: ReactNode;
}

/** A machine's desktop, its tool's terminal, or both, as the person likes it. */
export function MachineViews(props: Props) {
  const { vmId, needsDesktop, askSession, lastGoodStep, tools, preparing, ...ofDesktop } = props;
  const machine = useMemo(() => machineAccess(vmId), [vmId]);
  const files = useFiles(machine);
  const choice = useRef<HTMLDivElement>(null);
  const [view, setView] = useState(() => loadView(window.localStorage, vmId, needsDesktop));
  const alone = view === "terminal";
  useEffect(() => {
    if (alone) forgetClick();
  }, [alone]);
  const common = { machine, files, askSession, lastGoodStep };
  return (
    <div className={classes.views} data-view={view}>
      <div className={classes.choice}>
        <SegmentedControl
          ref={choice}
          aria-label={t("viewing.whatIsShown")}
          size="xs"
          value={view}
          data={VIEWS.map((value) => ({ value, label: t(WORDS[value]) }))}
          onChange={(value) => {
            setView(value);
            keepView(window.localStorage, vmId, value);
          }}
        />
      </div>
      {!alone && <Desktop {...common} {...ofDesktop} {...{ preparing, tools }} />}
      {view !== "desktop" && (
        <TerminalPane
          {...common}
          alone={alone}
          confirmed={preparing === null}
          // Said once: over the desktop where there is one, which has these tools, too.
          preparing={alone ? preparing : null}
          tools={
            alone && (
              <>
                <FilesButton files={files} />
                {tools}
              </>
            )
          }
          leave={() => choice.current?.querySelector<HTMLElement>("input:checked")?.focus()}
        />
      )}
    </div>
  );
}
