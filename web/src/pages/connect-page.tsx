import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconPlugConnected } from "@tabler/icons-react";
import { useEffect, useState } from "react";

import { asProblem } from "../api/problem";
import { hostQuery, providersQuery } from "../api/queries";
import type { Provider } from "../api/types";
import { HostStrip } from "../components/connect/host-strip";
import { ProviderCard } from "../components/connect/provider-card";
import { ToolFilter } from "../components/connect/tool-filter";
import { loadViewer } from "../components/desktop/load-ahead";
import { FILTER_ABOVE, inOrder, matching } from "../components/connect/tools";
import { t } from "../i18n";
import { EmptyState } from "../ui/empty-state";
import { PageHead } from "../ui/page-head";
import { ProblemPanel } from "../ui/problem-panel";
import { useNow } from "../ui/use-now";
import { whenIdle } from "../ui/when-idle";
import { ConnectGuidance } from "./connect-guidance";
import classes from "./connect-page.module.css";
import { loadSessionPage } from "./late-pages";
import { useConnect } from "./use-connect";

/** A card per tool. */
export function ConnectPage() {
  useEffect(() => whenIdle(loadWhatFollows), []);
  return (
    <div className={classes.page}>
      <PageHead title={t("connect.title")}>{t("connect.about")}</PageHead>
      <HostAndTools />
    </div>
  );
}

/** What a press of *Connect* needs, so that nobody waits for it then. */
function loadWhatFollows(): void {
  loadSessionPage();
  loadViewer();
}

/** Both at once when both are there: nothing that is read already moves. */
function HostAndTools() {
  const host = useQuery(hostQuery);
  const providers = useQuery(providersQuery);
  if (host.isPending || providers.isPending) return <Loading />;
  return (
    <>
      {host.isSuccess && providers.isSuccess && (
        <ConnectGuidance host={host.data} providers={providers.data} />
      )}
      {host.isSuccess && <HostStrip host={host.data} />}
      {providers.isError ? (
        <ProblemPanel
          title={t("connect.unreadable")}
          problem={asProblem(providers.error)}
          action={<Button onClick={() => void providers.refetch()}>{t("common.tryAgain")}</Button>}
        />
      ) : (
        <Tools providers={providers.data} />
      )}
    </>
  );
}

function Loading() {
  return (
    <>
      <Skeleton height={72} radius="lg" mb={28} />
      <Cards>
        {[1, 2, 3].map((key) => (
          <Skeleton key={key} height={252} radius="lg" />
        ))}
      </Cards>
    </>
  );
}

function Tools({ providers }: { providers: readonly Provider[] }) {
  if (providers.length === 0) {
    return (
      <EmptyState icon={<IconPlugConnected size={32} />} title={t("connect.empty")}>
        {t("connect.emptyText")}
      </EmptyState>
    );
  }
  return <ListOfTools providers={inOrder(providers)} />;
}

/** All of them; with a box to find one when there are many. */
function ListOfTools({ providers }: { providers: readonly Provider[] }) {
  const [words, setWords] = useState("");
  const found = matching(providers, words);
  return (
    <>
      {providers.length > FILTER_ABOVE && (
        <ToolFilter words={words} change={setWords} found={found.length} of={providers.length} />
      )}
      <Cards>
        {found.map((provider) => (
          <Tool key={provider.name} provider={provider} />
        ))}
      </Cards>
    </>
  );
}

function Cards({ children }: { children: React.ReactNode }) {
  return <div className={classes.cards}>{children}</div>;
}

function Tool({ provider }: { provider: Provider }) {
  const { connect, openSession, busy, error } = useConnect(provider.name);
  const nowMs = useNow(30_000);
  return (
    <ProviderCard
      provider={provider}
      nowMs={nowMs}
      connecting={busy}
      error={error}
      connect={connect}
      openSession={openSession}
    />
  );
}
