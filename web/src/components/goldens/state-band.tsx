import { Code } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconDoorOff, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { Golden, Goldens, MachineShape, PlannedProduct, Problem, Scrub } from "../../api/types";
import { rich, t } from "../../i18n";
import { Ago } from "../../ui/ago";
import { brief } from "../../ui/brief";
import { CopyIcon } from "../../ui/copy-button";
import { changeSummary } from "./changes";
import { ChangesList } from "./changes-list";
import { sentence } from "./golden-words";
import { PlanList } from "./plan-list";
import {
  goldenOf,
  isToBeMade,
  POLICY_WORDS,
  standingOf,
  standingWords,
  type Standing,
  type StandingTone,
} from "./standing";
import classes from "./state-band.module.css";

const ICONS: Record<StandingTone, typeof IconCircleCheck> = {
  good: IconCircleCheck,
  busy: IconRefresh,
  warn: IconAlertTriangle,
  bad: IconDoorOff,
};

/** What machines start from, since when, whether it is today's, and if not, why and what will be done. */
export function StateBand({ state }: { state: Goldens }) {
  const standing = standingOf(state);
  const words = standingWords(standing);
  const Icon = ICONS[words.tone];
  return (
    <section className={classes.band} data-tone={words.tone} aria-label={t("goldens.thePromoted")}>
      <div className={classes.main}>
        <Icon className={classes.icon} size={52} stroke={1.6} aria-hidden="true" />
        <div className={classes.words} role="status">
          <h2>{words.title}</h2>
          <p>{words.text}</p>
        </div>
        <Promoted state={state} />
      </div>
      <Obstacles standing={standing} trouble={state.trouble} />
      {state.promoted !== null && isToBeMade(state) && <WhatChanged state={state} />}
      <footer className={classes.foot}>
        {rich("goldens.policyIs", { policy: state.policy, meaning: t(POLICY_WORDS[state.policy]) })}
      </footer>
    </section>
  );
}

function Promoted({ state }: { state: Goldens }) {
  const { promoted: id, scrub } = state;
  if (id === null) return null;
  const golden = goldenOf(state, id);
  return (
    <dl className={classes.facts}>
      <div className={classes.id}>
        <dt>{t("goldens.promotedGolden")}</dt>
        <dd>
          <code>{id}</code>
          <CopyIcon value={id} what={t("goldens.promotedGoldenId", { id })} />
        </dd>
      </div>
      {golden !== undefined && <Ages golden={golden} />}
      {scrub?.golden_id === id && <Scrubbed scrub={scrub} />}
    </dl>
  );
}

function Ages({ golden }: { golden: Golden }) {
  return (
    <>
      {golden.since !== null && (
        <div>
          <dt>{t("goldens.promoted")}</dt>
          <dd>
            <Ago at={golden.since} />
          </dd>
        </div>
      )}
      <div>
        <dt>{t("goldens.built")}</dt>
        <dd>
          <Ago at={golden.built_at} />
        </dd>
      </div>
    </>
  );
}

function Scrubbed({ scrub }: { scrub: Scrub }) {
  const found = scrub.damages === 0 ? t("goldens.sound") : t("goldens.damaged", { count: scrub.damages });
  return (
    <div>
      <dt title={t("goldens.scrubbedHint")}>{t("goldens.scrubbed")}</dt>
      <dd>
        <span>{rich("goldens.scrubbedAt", { ago: <Ago at={scrub.at} />, found })}</span>
      </dd>
    </div>
  );
}

/** Why machines cannot start, and why inputs cannot be read: both may be so. */
function Obstacles({ standing, trouble }: { standing: Standing; trouble: string | null }) {
  const problem = "problem" in standing ? standing.problem : null;
  return (
    <>
      {problem !== null && <Refusal problem={problem} />}
      {standing.kind === "failing" && (
        <Line>
          <p className={classes.cause} lang="en">
            {sentence(standing.failing)}
          </p>
          <p>{t("goldens.mendFailing")}</p>
        </Line>
      )}
      {trouble !== null && (
        <Line>
          <p className={classes.cause} lang="en">
            {sentence(trouble)}
          </p>
          <p>{t("goldens.mendFile")}</p>
        </Line>
      )}
    </>
  );
}

function Refusal({ problem }: { problem: Problem }) {
  return (
    <Line>
      <p>
        <strong lang="en">{problem.cause}</strong>
      </p>
      <p lang="en">{problem.remedy}</p>
      <Code>{problem.code}</Code>
    </Line>
  );
}

function Line({ children }: { children: ReactNode }) {
  return <div className={classes.line}>{children}</div>;
}

function WhatChanged({ state }: { state: Goldens }) {
  const plan = state.plan.filter(({ needed, done }) => needed || done);
  return (
    <div className={classes.stale}>
      <section aria-label={t("goldens.whatChanged")}>
        <h3>
          {t("goldens.whatChanged")} <span>{changeSummary(state.changes)}</span>
        </h3>
        {state.changes.length === 0 && <p>{t("goldens.inputsGone")}</p>}
        <ChangesList changes={state.changes} />
      </section>
      <section aria-label={t("goldens.whatRenewalMakes")}>
        <h3>{t("goldens.whatRenewalMakes")}</h3>
        {plan.every(({ done }) => done) && <p>{t("goldens.allThere")}</p>}
        <PlanList plan={plan} />
        {state.shape !== null && plan.some(isSnapshot) && <Shape shape={state.shape} />}
      </section>
    </div>
  );
}

const isSnapshot = ({ kind }: PlannedProduct): boolean => kind.endsWith("snapshot");

/** What memory that was saved in one machine needs of another; the digest's first digits tell two apart. */
function Shape({ shape }: { shape: MachineShape }) {
  return (
    <p className={classes.shape}>
      {rich("goldens.shape", {
        vmm: <code title={shape.vmm}>{brief(shape.vmm)}</code>,
        machine: shape.machine,
        cpu: shape.cpu,
        accelerator: shape.accelerator,
        mem: shape.mem_mib,
        count: shape.vcpus,
      })}
    </p>
  );
}
