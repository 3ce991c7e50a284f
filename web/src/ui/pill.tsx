import type { ReactNode } from "react";

import classes from "./pill.module.css";

export type Tone = "quiet" | "good" | "busy" | "warn" | "bad";

/** A state in a word; the dot is for the eye, the word carries the meaning. */
export function Pill({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={classes.pill} data-tone={tone}>
      <span className={classes.words}>{children}</span>
    </span>
  );
}
