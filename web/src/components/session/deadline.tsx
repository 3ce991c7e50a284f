import { Button, Tooltip } from "@mantine/core";
import { IconHourglass } from "@tabler/icons-react";

import { t } from "../../i18n";
import { countdown, roughly } from "../../ui/time";
import { useNow } from "../../ui/use-now";
import classes from "./deadline.module.css";

const MINUTE_S = 60;
const SOON_S = MINUTE_S;
/** Far from the end whole minutes will do: this open page moves it on again and again. */
const ROUND_ABOVE_S = 3 * MINUTE_S;

interface Props {
  at: string;
  /** Null: it cannot be moved any more. */
  extend: { busy: boolean; act: () => void } | null;
}

/** How long until the session is given up; every sign of life moves it, and so does the button. */
export function Deadline({ at, extend }: Props) {
  const left = (new Date(at).getTime() - useNow(1000)) / 1000;
  return (
    <span className={classes.both}>
      <Tooltip label={t("session.deadlineHint")}>
        <span className={classes.deadline} data-soon={left < SOON_S} role="timer" tabIndex={0}>
          <IconHourglass size={15} aria-hidden="true" />{" "}
          {t("session.timeLeft", {
            time: left > ROUND_ABOVE_S ? roughly(left + MINUTE_S / 2) : countdown(left),
          })}
        </span>
      </Tooltip>
      {extend !== null && (
        <Button size="compact-xs" variant="default" loading={extend.busy} onClick={extend.act}>
          {t("session.extend")}
        </Button>
      )}
    </span>
  );
}
