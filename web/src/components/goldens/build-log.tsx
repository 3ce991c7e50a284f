import { useLayoutEffect, useRef } from "react";

import { t } from "../../i18n";
import classes from "./build-log.module.css";

/** So near to the end, in pixels, a reader is taken to be at it. */
const AT_END_PX = 24;

/** The last lines of a build's log; stays at its end until a reader scrolls up. */
export function BuildLog({ lines, live }: { lines: readonly string[]; live: boolean }) {
  const pane = useRef<HTMLPreElement>(null);
  const following = useRef(true);
  useLayoutEffect(() => {
    const element = pane.current;
    if (element !== null && following.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  return (
    <pre
      ref={pane}
      className={classes.log}
      data-live={live}
      tabIndex={0}
      role="region"
      lang="en"
      aria-label={t("goldens.buildLog")}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        following.current = scrollHeight - scrollTop - clientHeight < AT_END_PX;
      }}
    >
      {lines.join("\n")}
    </pre>
  );
}
