import { VisuallyHidden } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";

import type { CanaryCheck, CanaryReport } from "../../api/types";
import { rich, t } from "../../i18n";
import { Ago } from "../../ui/ago";
import { CopyIcon } from "../../ui/copy-button";
import { Panel } from "../../ui/panel";
import { Pill } from "../../ui/pill";
import { duration } from "../../ui/time";
import classes from "./canary-card.module.css";
import { canaryWords, checksByTrouble, sentence } from "./golden-words";

/** What was tried of a golden with one driver, what came of it, and what a clone's desktop looked like. */
export function CanaryCard({ report }: { report: CanaryReport }) {
  const { tone } = canaryWords(report);
  return (
    <Panel
      title={t("goldens.canaryWith", { driver: report.driver })}
      aside={<Pill tone={tone}>{report.passed ? t("goldens.passed") : t("goldens.failed")}</Pill>}
    >
      <p className={classes.verdict} lang="en">
        {sentence(report.verdict)}
      </p>
      <p className={classes.when}>
        {rich("goldens.took", { ago: <Ago at={report.at} />, duration: duration(report.seconds) })}
      </p>
      <p className={classes.evidence}>
        {rich("goldens.evidenceAt", { folder: report.evidence })}{" "}
        <CopyIcon value={report.evidence} what={t("goldens.evidenceFolder", { driver: report.driver })} />
      </p>
      {report.screenshot !== null && <Screenshot path={report.screenshot} driver={report.driver} />}
      <ul className={classes.checks} aria-label={t("goldens.checksWith", { driver: report.driver })}>
        {checksByTrouble(report).map((check) => (
          <Check key={check.name} check={check} />
        ))}
      </ul>
    </Panel>
  );
}

/** The box is there before the picture: nothing moves when it comes. */
function Screenshot({ path, driver }: { path: string; driver: string }) {
  return (
    <a
      className={classes.picture}
      href={path}
      target="_blank"
      rel="noopener"
      title={t("goldens.openFullSize")}
    >
      <img
        src={path}
        width={1280}
        height={800}
        alt={t("goldens.desktopOfClone", { driver })}
        decoding="async"
      />
    </a>
  );
}

function Check({ check }: { check: CanaryCheck }) {
  return (
    <li className={classes.check} data-ok={check.ok}>
      {check.ok ? (
        <IconCheck size={15} stroke={2.6} aria-hidden="true" />
      ) : (
        <IconX size={15} stroke={2.6} aria-hidden="true" />
      )}
      <strong>
        {check.name}
        {!check.ok && <VisuallyHidden>{` ${t("goldens.failedWord")}`}</VisuallyHidden>}
      </strong>
      <span className={classes.detail} lang="en">
        {check.detail}
      </span>
      <span className={classes.seconds}>{duration(check.seconds)}</span>
    </li>
  );
}
