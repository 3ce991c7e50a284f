import { IconCheck } from "@tabler/icons-react";
import { useEffect, useRef } from "react";

import classes from "./said.module.css";

/** A new object for every saying: the same words twice are said twice. */
export interface Saying {
  text: string;
}

interface Props {
  saying: Saying | null;
  /** How many things the page lists: with one of them the focus may go. */
  listed: number;
}

/** What was just done, where the eye finds it, read out, and with the focus if what was pressed is gone. */
export function Said({ saying, listed }: Props) {
  const line = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (saying !== null && document.activeElement === document.body) line.current?.focus();
  }, [saying, listed]);
  return (
    <div role="status" className={classes.said}>
      {saying !== null && (
        <p ref={line} tabIndex={-1}>
          <IconCheck size={18} aria-hidden="true" />
          <span>{saying.text}</span>
        </p>
      )}
    </div>
  );
}
