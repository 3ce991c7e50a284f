import { useEffect, useRef, useState, type ReactNode, type RefObject } from "react";

import type { MachineAccess } from "../../api/machine-access";
import { t } from "../../i18n";
import { useClipboard } from "../clipboard/use-clipboard";
import { DropZone } from "../files/drop-zone";
import type { Files } from "../files/use-files";
import { Cover } from "./cover";
import classes from "./desktop.module.css";
import { watchFirstFrame } from "./first-frame";
import { KeysRow } from "./keys-row";
import { Toolbar } from "./toolbar";
import { useDesktopLink } from "./use-desktop-link";
import { useFocusWithin } from "./use-focus-within";
import { useFullScreen } from "./use-full-screen";
import { useOnScreenKeys } from "./use-on-screen-keys";
import { useViewSettings } from "./use-view-settings";

interface Props {
  machine: MachineAccess;
  files: Files;
  askSession: () => void;
  /** What lies over the desktop of a machine that has not confirmed itself yet; null once it has. */
  preparing: ReactNode;
  /** Title of the page that the machine's browser shows. */
  pageTitle: string | null;
  /** “Ready, 14:05:09”; told when the connection is lost. */
  lastGoodStep: string;
  /** The first frame that is not black is on the screen. */
  onFirstFrame: () => void;
  /** More buttons of the toolbar. */
  tools: ReactNode;
}

/** The machine's desktop, which connects again by itself and says why when it is not there. */
export function Desktop(props: Props) {
  const { machine, files, pageTitle, lastGoodStep, onFirstFrame, tools, preparing, askSession } = props;
  const [settings, choose] = useViewSettings();
  const { askTicket } = machine;
  const { target, link, state } = useDesktopLink({
    askTicket,
    askSession,
    awaited: preparing !== null,
    settings,
  });
  const section = useRef<HTMLElement>(null);
  const captured = useFocusWithin(target);
  const fullScreen = useFullScreen(section);
  const shown = state.kind === "shown";
  const surface = shown ? link.shown : undefined;
  const keys = useOnScreenKeys(surface, target);
  const painted = usePainted(shown, target, onFirstFrame);
  const clipboard = useClipboard({ machine, surface: painted ? surface : undefined, target });
  const [keysShown, showKeys] = useState(false);
  return (
    <section ref={section} className={classes.desktop} aria-label={t("desktop.theDesktop")}>
      <Toolbar
        {...{
          pageTitle,
          surface,
          clipboard,
          files,
          captured,
          keys,
          keysShown,
          showKeys,
          settings,
          choose,
          fullScreen,
          tools,
        }}
      />
      {keysShown && <KeysRow keys={keys} disabled={!shown} />}
      <div className={classes.stage}>
        <div ref={target} className={classes.target} data-shown={shown} />
        <DropZone files={files} />
        <Cover {...{ state, preparing, lastGoodStep }} opening="desktop.opening" retryNow={link.retryNow} />
      </div>
    </section>
  );
}

/** A desktop that stays black that long is taken for painted. */
const BLACK_MS = 2_000;

/** Whether the first frame has been painted: what else wants the machine's processor comes after that. */
function usePainted(
  shown: boolean,
  target: RefObject<HTMLDivElement | null>,
  onFirstFrame: () => void,
): boolean {
  const [painted, setPainted] = useState(false);
  useEffect(() => {
    if (!shown || target.current === null) return undefined;
    const stop = watchFirstFrame(target.current, () => {
      setPainted(true);
      onFirstFrame();
    });
    const timer = setTimeout(setPainted, BLACK_MS, true);
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [shown, target, onFirstFrame]);
  return painted;
}
