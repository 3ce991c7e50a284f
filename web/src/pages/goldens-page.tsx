import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation } from "wouter";

import * as client from "../api/client";
import type { FeedState } from "../api/event-feed";
import { goldensQuery, useGoldensAction, useGoldensEvents } from "../api/golden-queries";
import { asProblem } from "../api/problem";
import { useIsOperator } from "../api/queries";
import type { Goldens } from "../api/types";
import { RebuildButton } from "../components/goldens/rebuild-button";
import { RenewalPanel } from "../components/goldens/renewal-panel";
import { isRenewing } from "../components/goldens/standing";
import { StateBand } from "../components/goldens/state-band";
import { t } from "../i18n";
import { PageHead } from "../ui/page-head";
import { ProblemPanel } from "../ui/problem-panel";
import { GoldenDrawer } from "./golden-drawer";
import classes from "./goldens-page.module.css";
import { GoldensTable } from "./goldens-table";
import { goldenPath, PATHS } from "./paths";
import { Reconnecting } from "./reconnecting";

/** What machines are made of: what is promoted, what is being made, and every golden; `id` is the open one. */
export function GoldensPage({ id }: { id: string | null }) {
  const goldens = useQuery(goldensQuery);
  const feed = useGoldensEvents();
  const { refetch } = goldens;
  useEffect(() => {
    // A feed that the server refused: ask once why (signed out, or back soon).
    if (feed === "lost" || feed === "troubled") void refetch();
  }, [feed, refetch]);
  return (
    <>
      <Head state={goldens.data} feed={feed} />
      {goldens.isError && (goldens.data === undefined || feed === "troubled") && (
        <ProblemPanel
          title={t("goldens.unreadable")}
          problem={asProblem(goldens.error)}
          action={<Button onClick={() => void refetch()}>{t("common.tryAgain")}</Button>}
        />
      )}
      {goldens.data !== undefined && <Loaded state={goldens.data} id={id} />}
      {goldens.isPending && <Loading />}
    </>
  );
}

function Head({ state, feed }: { state: Goldens | undefined; feed: FeedState }) {
  const renew = useGoldensAction(client.renewGolden);
  const operator = useIsOperator();
  return (
    <>
      <PageHead
        title={t("goldens.title")}
        action={
          state !== undefined &&
          operator && (
            <RebuildButton
              renewing={isRenewing(state)}
              asking={renew.isPending}
              rebuild={() => {
                renew.mutate(undefined);
              }}
            />
          )
        }
      >
        {t("goldens.about")} <Reconnecting feed={feed} />
      </PageHead>
      {renew.isError && (
        <div className={classes.refusal}>
          <ProblemPanel title={t("goldens.notRebuilt")} problem={asProblem(renew.error)} />
        </div>
      )}
    </>
  );
}

function Loading() {
  return (
    <div className={classes.parts}>
      <Skeleton height={190} radius="lg" />
      <Skeleton height={120} radius="lg" />
      <Skeleton height={220} radius="lg" />
    </div>
  );
}

function Loaded({ state, id }: { state: Goldens; id: string | null }) {
  const [, navigate] = useLocation();
  return (
    <div className={classes.parts}>
      <StateBand state={state} />
      {state.renewal !== null && (
        <RenewalPanel
          renewal={state.renewal}
          report={
            <Button
              variant="default"
              onClick={() => {
                navigate(goldenPath(state.renewal?.golden_id ?? ""));
              }}
            >
              {t("goldens.seeReport")}
            </Button>
          }
        />
      )}
      <GoldensTable goldens={state.goldens} />
      <GoldenDrawer
        id={id}
        state={state}
        close={() => {
          navigate(PATHS.goldens);
        }}
      />
    </div>
  );
}
