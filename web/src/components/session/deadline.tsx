import { Tooltip } from "@mantine/core";
import { IconHourglass } from "@tabler/icons-react";

import { t } from "../../i18n";
import { countdown, roughly } from "../../ui/time";
import { useNow } from "../../ui/use-now";
import classes from "./deadline.module.css";

const MINUTE_S = 60;
const SOON_S = MINUTE_S;
/** Far from the end whole minutes will do: this open page moves it on again and again. */
const ROUND_ABOVE_S = 3 * MINUTE_S;

/** How long until the session is given up; every sign of life moves it. */
export function Deadline({ at }: { at: string }) {
  const left = (new Date(at).getTime() - useNow(1000)) / 1000;
  return (
    <Tooltip label={t("session.deadlineHint")}>
      <span className={classes.deadline} data-soon={left < SOON_S} role="timer" tabIndex={0}>
        <IconHourglass size={15} aria-hidden="true" />{" "}
        {t("session.timeLeft", {
          time: left > ROUND_ABOVE_S ? roughly(left + MINUTE_S / 2) : countdown(left),
        })}
      </span>
    </Tooltip>
  );
}
