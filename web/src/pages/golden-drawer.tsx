import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import * as client from "../api/client";
import { goldenQuery, useGoldensAction } from "../api/golden-queries";
import { asProblem } from "../api/problem";
import { useIsOperator } from "../api/queries";
import type { Golden, Goldens } from "../api/types";
import { CanaryCard } from "../components/goldens/canary-card";
import { GoldenChanges, GoldenDetailPanels } from "../components/goldens/golden-detail";
import { GOLDEN_STATUS } from "../components/goldens/golden-words";
import { MoveReason } from "../components/goldens/move-reason";
import { PromoteButton } from "../components/goldens/promote-button";
import { RollBackButton } from "../components/goldens/roll-back-button";
import { goldenOf } from "../components/goldens/standing";
import { rich, t } from "../i18n";
import { Ago } from "../ui/ago";
import { Pill } from "../ui/pill";
import { ProblemPanel } from "../ui/problem-panel";
import { actionOf } from "./action-of";
import { SideDrawer } from "./side-drawer";
import classes from "./side-drawer.module.css";

interface Props {
  /** The golden that is open; null for none. */
  id: string | null;
  state: Goldens;
  close: () => void;
}

/** One golden beside the list: what can be done with it, its canaries, its differences, its history. */
export function GoldenDrawer({ id, state, close }: Props) {
  return (
    <SideDrawer what={t("common.golden")} id={id} close={close}>
      {(shown) => <Opened key={shown} id={shown} state={state} />}
    </SideDrawer>
  );
}

function Opened({ id, state }: { id: string; state: Goldens }) {
  const known = goldenOf(state, id);
  const detail = useQuery(goldenQuery(id, known));
  if (detail.isError) {
    return (
      <ProblemPanel
        title={t("goldens.cannotBeShown")}
        problem={asProblem(detail.error)}
        action={<Button onClick={() => void detail.refetch()}>{t("common.tryAgain")}</Button>}
      />
    );
  }
  const golden = known ?? detail.data?.golden;
  if (golden === undefined || detail.data === undefined) return <Skeleton height={480} radius="lg" />;
  return (
    <>
      <Standing golden={golden} state={state} />
      <GoldenChanges detail={detail.data} />
      {golden.canaries.length === 0 && <p className={classes.untried}>{t("goldens.noCanary")}</p>}
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
        <Pill tone={tone}>{t(text)}</Pill>
        <span>{golden.wanted ? t("goldens.wantedText") : t("goldens.staleText")}</span>
        {golden.since !== null && (
          <p>
            {golden.why === null ? (
              <Ago at={golden.since} />
            ) : (
              rich("goldens.movedAt", {
                ago: <Ago at={golden.since} />,
                why: <MoveReason to={golden.status} why={golden.why} />,
              })
            )}
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
