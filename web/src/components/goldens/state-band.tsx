import { Code } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconDoorOff, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { Golden, Goldens, MachineShape, PlannedProduct, Problem, Scrub } from "../../api/types";
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
    <section className={classes.band} data-tone={words.tone} aria-label="The promoted golden">
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
        <code>stale_policy</code> is <code>{state.policy}</code>: {POLICY_WORDS[state.policy]}
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
        <dt>Promoted golden</dt>
        <dd>
          <code>{id}</code>
          <CopyIcon value={id} what={`promoted golden ${id}`} />
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
          <dt>Promoted</dt>
          <dd>
            <Ago at={golden.since} />
          </dd>
        </div>
      )}
      <div>
        <dt>Built</dt>
        <dd>
          <Ago at={golden.built_at} />
        </dd>
      </div>
    </>
  );
}

function Scrubbed({ scrub }: { scrub: Scrub }) {
  const found = scrub.damages === 0 ? "sound" : `${String(scrub.damages)} damaged`;
  return (
    <div>
      <dt title="Every byte was read and compared with what was built">Scrubbed</dt>
      <dd>
        <span>
          <Ago at={scrub.at} />, {found}
        </span>
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
      {trouble !== null && (
        <Line>
          <p className={classes.cause}>{sentence(trouble)}</p>
          <p>Mend the file that is named; the controller reads again as soon as it is saved.</p>
        </Line>
      )}
    </>
  );
}

function Refusal({ problem }: { problem: Problem }) {
  return (
    <Line>
      <p>
        <strong>{problem.cause}</strong>
      </p>
      <p>{problem.remedy}</p>
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
      <section aria-label="What changed">
        <h3>
          What changed <span>{changeSummary(state.changes)}</span>
        </h3>
        {state.changes.length === 0 && <p>No input; what was made of them is gone.</p>}
        <ChangesList changes={state.changes} />
      </section>
      <section aria-label="What a renewal makes">
        <h3>What a renewal makes</h3>
        {plan.every(({ done }) => done) && <p>All is there; it only has to be tried and promoted.</p>}
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
      Snapshots are made with QEMU <code title={shape.vmm}>{brief(shape.vmm)}</code>, machine{" "}
      <code>{shape.machine}</code>, processor <code>{shape.cpu}</code>, <code>{shape.accelerator}</code>,{" "}
      {shape.mem_mib} MiB and {shape.vcpus} processors.
    </p>
  );
}
