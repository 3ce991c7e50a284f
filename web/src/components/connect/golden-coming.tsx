import { Progress } from "@mantine/core";
import { IconHammer } from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { Goldens, Renewal } from "../../api/types";
import { t } from "../../i18n";
import { Command } from "../../ui/command";
import { running, secondsBetween, toGo } from "../../ui/time";
import { useNow } from "../../ui/use-now";
import { isRenewing } from "../goldens/standing";
import { PHASE_WORDS } from "../goldens/steps";
import classes from "./guidance.module.css";

interface Props {
  /** undefined: not known (yet). */
  goldens: Goldens | undefined;
  /** Where all of it is told. */
  link: ReactNode;
}

/** Why no sign-in can start on a new host: what is being built and how long that takes, or how to begin it. */
export function GoldenComing({ goldens, link }: Props) {
  const renewal = goldens !== undefined && isRenewing(goldens) ? goldens.renewal : null;
  return (
    <section className={classes.guide} data-tone="lamp" aria-label={t("connect.goldenTitle")}>
      <h2>
        <IconHammer size={20} aria-hidden="true" />
        {renewal === null ? t("connect.goldenTitle") : t("connect.goldenComing")}
      </h2>
      <p>{t("connect.goldenMissing")}</p>
      {renewal === null ? <Command text="vestibule golden build" /> : <UnderWay renewal={renewal} />}
      <p>{link}</p>
    </section>
  );
}

function UnderWay({ renewal: { began_at: began, expected_end_at: end, steps } }: { renewal: Renewal }) {
  const now = new Date(useNow(1000)).toISOString();
  const step = steps.findLast(({ seconds }) => seconds === null);
  const taken = secondsBetween(began, now);
  return (
    <>
      <p className={classes.state}>
        {step !== undefined && (
          <>
            <strong>{t(PHASE_WORDS[step.phase])}</strong>: <span lang="en">{step.name}</span>
          </>
        )}
        <span>
          <span role="timer">{running(taken)}</span>
          {end !== null && `, ${toGo(secondsBetween(now, end))}`}
        </span>
      </p>
      {end !== null && (
        <Progress
          aria-label={t("connect.goldenComing")}
          value={Math.min(100, (100 * taken) / Math.max(1, secondsBetween(began, end)))}
        />
      )}
    </>
  );
}
