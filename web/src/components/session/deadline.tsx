import { Tooltip } from "@mantine/core";
import { IconHourglass } from "@tabler/icons-react";

import { countdown } from "../../ui/time";
import { useNow } from "../../ui/use-now";
import classes from "./deadline.module.css";

const SOON_S = 60;

/** How long until the session is given up; every sign of life moves it. */
export function Deadline({ at }: { at: string }) {
  const left = (new Date(at).getTime() - useNow(1000)) / 1000;
  return (
    <Tooltip label="Counted from your last sign of life; this open page is one.">
      <span className={classes.deadline} data-soon={left < SOON_S} role="timer" tabIndex={0}>
        <IconHourglass size={15} aria-hidden="true" />
        {countdown(left)} left
      </span>
    </Tooltip>
  );
}
