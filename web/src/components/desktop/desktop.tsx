import { Loader } from "@mantine/core";
import { useEffect } from "react";

import type { Connection } from "./connection";
import { Curtain } from "./curtain";
import classes from "./desktop.module.css";
import { watchFirstPicture } from "./first-picture";
import { Toolbar } from "./toolbar";
import { useDesktopLink, type DesktopParts } from "./use-desktop-link";

interface Props extends DesktopParts {
  /** Title of the page that the machine's browser shows. */
  pageTitle: string | null;
  /** “Ready, 14:05:09”; told when the connection is lost. */
  lastGoodStep: string;
  /** Milliseconds from the click, null when the page was opened otherwise. */
  onFirstPicture: (ms: number | null) => void;
}

/** The machine's desktop, which connects again by itself and says why when it is not there. */
export function Desktop({ pageTitle, lastGoodStep, onFirstPicture, ...parts }: Props) {
  const { target, link, state, clipboard } = useDesktopLink(parts);
  const shown = state.kind === "shown";
  useEffect(() => {
    if (!shown || target.current === null) return undefined;
    return watchFirstPicture(target.current, onFirstPicture);
  }, [shown, target, onFirstPicture]);
  return (
    <section className={classes.desktop} aria-label="The machine's desktop">
      <Toolbar pageTitle={pageTitle} surface={shown ? link.shown : undefined} clipboard={clipboard} />
      <div className={classes.stage}>
        <div ref={target} className={classes.target} data-shown={shown} />
        <Cover state={state} lastGoodStep={lastGoodStep} retryNow={link.retryNow} />
      </div>
    </section>
  );
}

type CoverProps = { state: Connection } & Pick<Parameters<typeof Curtain>[0], "lastGoodStep" | "retryNow">;

/** What lies over a desktop that is not shown: the first opening, or why it is gone. */
function Cover({ state, ...rest }: CoverProps) {
  if (state.kind === "shown") return null;
  if (state.problem === null) {
    return (
      <div className={classes.opening} role="status">
        <Loader size="sm" /> Opening the desktop…
      </div>
    );
  }
  return <Curtain problem={state.problem} retryAt={state.kind === "lost" ? state.retryAt : null} {...rest} />;
}
