import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";

import { t } from "../../i18n";
import classes from "./desktop.module.css";
import type { Surface } from "./desktop-link";
import { begin, bytesWords, read, roundTripWords } from "./reading";

const EVERY_MS = 1_000;

/** How far away it is what is shown, and how much comes from it; the hint says between what this is measured. */
export function Readout({ surface, hint }: { surface: Pick<Surface, "traffic">; hint: string }) {
  const [reading, setReading] = useState(() => begin(surface.traffic(), performance.now()));
  useEffect(() => {
    const timer = setInterval(() => {
      setReading((before) => read(before, surface.traffic(), performance.now()));
    }, EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, [surface]);
  return (
    <Tooltip
      events={{ hover: true, focus: true, touch: true }}
      withinPortal={false}
      multiline
      maw={280}
      label={hint}
    >
      <span className={classes.readout} tabIndex={0} role="group" aria-label={t("desktop.connection")}>
        <span>{roundTripWords(reading.roundTripMs)}</span>
        <span className={classes.rate}>{bytesWords(reading.bytesPerS)}</span>
      </span>
    </Tooltip>
  );
}
