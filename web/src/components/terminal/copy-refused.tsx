import { useEffect, useState, type RefObject } from "react";

import { t } from "../../i18n";
import classes from "./terminal.module.css";

/** The event of a terminal whose selection this browser did not take. */
export const COPY_REFUSED = "vestibule-copy-refused";
/** So long it is said. */
const SHOWN_MS = 6_000;

/** Says that a copy by keys came to nothing. */
export function CopyRefused({ target }: { target: RefObject<HTMLElement | null> }) {
  /** How many there were; null: none lately. */
  const [times, setTimes] = useState<number | null>(null);
  useEffect(() => {
    const element = target.current;
    const tell = (): void => {
      setTimes((before) => (before ?? 0) + 1);
    };
    element?.addEventListener(COPY_REFUSED, tell);
    return () => {
      element?.removeEventListener(COPY_REFUSED, tell);
    };
  }, [target]);
  useEffect(() => {
    if (times === null) return undefined;
    const timer = setTimeout(() => {
      setTimes(null);
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [times]);
  if (times === null) return null;
  return (
    <p role="alert" className={classes.refused}>
      {t("common.notCopied")}
    </p>
  );
}
