import { Button, Drawer, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import * as client from "../api/client";
import { goldenQuery, useGoldensAction } from "../api/golden-queries";
import { asProblem } from "../api/problem";
import { useIsOperator } from "../api/queries";
import type { Golden, Goldens } from "../api/types";
import { CanaryCard } from "../components/goldens/canary-card";
import { GoldenChanges, GoldenDetailPanels } from "../components/goldens/golden-detail";
import { GOLDEN_STATUS, moveReason } from "../components/goldens/golden-words";
import { PromoteButton } from "../components/goldens/promote-button";
import { RollBackButton } from "../components/goldens/roll-back-button";
import { goldenOf } from "../components/goldens/standing";
import { Ago } from "../ui/ago";
import { CopyIcon } from "../ui/copy-button";
import { Pill } from "../ui/pill";
import { ProblemPanel } from "../ui/problem-panel";
import { actionOf } from "./action-of";
import classes from "./golden-drawer.module.css";

interface Props {
  /** The golden that is open; null for none. */
  id: string | null;
  state: Goldens;
  close: () => void;
}

/** One golden beside the list: what can be done with it, its canaries, its differences, its history. */
export function GoldenDrawer({ id, state, close }: Props) {
  // What was open stays in it while it slides away.
  const [shown, setShown] = useState(id);
  if (id !== null && id !== shown) setShown(id);
  return (
    <Drawer
      opened={id !== null}
      onClose={close}
      position="right"
      size="min(760px, 100%)"
      title={shown === null ? "" : <Title id={shown} />}
      closeButtonProps={{ "aria-label": "Close" }}
      classNames={{ body: classes.body, content: classes.content, header: classes.header }}
    >
      {shown !== null && <Opened key={shown} id={shown} state={state} />}
    </Drawer>
  );
}

function Title({ id }: { id: string }) {
  return (
    <span className={classes.title}>
      Golden <code>{id}</code>
      <CopyIcon value={id} what="golden id" />
    </span>
  );
}

function Opened({ id, state }: { id: string; state: Goldens }) {
  const known = goldenOf(state, id);
  const detail = useQuery(goldenQuery(id, known));
  if (detail.isError) {
    return (
      <ProblemPanel
        title="This golden cannot be shown"
        problem={asProblem(detail.error)}
        action={<Button onClick={() => void detail.refetch()}>Try again</Button>}
      />
    );
  }
  const golden = known ?? detail.data?.golden;
  if (golden === undefined || detail.data === undefined) return <Skeleton height={480} radius="lg" />;
  return (
    <>
      <Standing golden={golden} state={state} />
      <GoldenChanges detail={detail.data} />
      {golden.canaries.length === 0 && <p className={classes.untried}>No canary has tried it yet.</p>}
      {golden.canaries.map((report) => (
        <CanaryCard key={report.driver} report={report} />
      ))}
      <GoldenDetailPanels detail={detail.data} />
    </>
  );
}

function Standing({ golden, state }: { golden: Golden; state: Goldens }) {
  const { text, tone } = GOLDEN_STATUS[golden.status];
  const operator = useIsOperator();
  return (
    <div className={classes.standing}>
      <div className={classes.state}>
        <Pill tone={tone}>{text}</Pill>
        <span>{golden.wanted ? "Today’s inputs make it." : "Stale: today’s inputs make another."}</span>
        {golden.since !== null && (
          <p>
            <Ago at={golden.since} />
            {golden.why !== null && `: ${moveReason(golden.status, golden.why)}`}
          </p>
        )}
      </div>
      {operator && <Actions golden={golden} state={state} />}
    </div>
  );
}

function Actions({ golden, state }: { golden: Golden; state: Goldens }) {
  const promote = useGoldensAction((untested: boolean) => client.promote(golden.golden_id, untested));
  const rollBack = useGoldensAction(client.rollBack);
  return golden.golden_id === state.promoted ? (
    <RollBackButton promoted={golden.golden_id} state={state} rollBack={actionOf(rollBack)} />
  ) : (
    <PromoteButton golden={golden} state={state} promote={actionOf(promote)} />
  );
}
