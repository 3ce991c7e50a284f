import { SegmentedControl } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";

import { machineAccess } from "../api/machine-access";
import { Desktop } from "../components/desktop/desktop";
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
  askSession: () => void;
  pageTitle: string | null;
  lastGoodStep: string;
  onFirstFrame: () => void;
  /** Null: the machine has confirmed itself. */
  preparing: ReactNode;
  /** More buttons of the desktop's toolbar. */
  tools: ReactNode;
}

/** A machine's desktop, its tool's terminal, or both, as the person likes it. */
export function MachineViews({ vmId, askSession, lastGoodStep, ...ofDesktop }: Props) {
  const machine = useMemo(() => machineAccess(vmId), [vmId]);
  const [view, setView] = useState(() => loadView(window.localStorage));
  const common = { machine, askSession, lastGoodStep };
  return (
    <div className={classes.views} data-view={view}>
      <div className={classes.choice}>
        <SegmentedControl
          aria-label={t("viewing.whatIsShown")}
          size="xs"
          value={view}
          data={VIEWS.map((value) => ({ value, label: t(WORDS[value]) }))}
          onChange={(value) => {
            setView(value);
            keepView(window.localStorage, value);
          }}
        />
      </div>
      {view !== "terminal" && <Desktop {...common} {...ofDesktop} />}
      {view !== "desktop" && <TerminalPane {...common} alone={view === "terminal"} />}
    </div>
  );
}
