import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "wouter";

import { credentialsQuery, providersQuery, sessionsQuery, useIsOperator } from "../api/queries";
import type { Credential } from "../api/types";
import { begunOf, mayBeReplaced, replacementOf } from "../components/credentials/replacement";
import { ExchangeButton } from "../components/vault/exchange-button";
import { ExchangePanel } from "../components/vault/exchange-panel";
import { t } from "../i18n";
import { Said, type Saying } from "../ui/said";
import { useNow } from "../ui/use-now";
import { CredentialItem } from "./credential-item";
import classes from "./credentials-page.module.css";
import { ListPage } from "./list-page";
import { PATHS } from "./paths";
import { useKeyExchange } from "./use-key-exchange";

/** What is sealed in the vault, who has it and until when it is good; never its content. */
export function CredentialsPage() {
  const listed = useQuery(credentialsQuery).data?.length ?? 0;
  const [said, say] = useState<Saying | null>(null);
  const operator = useIsOperator();
  const { state, exchange } = useKeyExchange();
  return (
    <ListPage
      title={t("credentials.title")}
      action={operator && <OperatorsActions busy={state.kind === "running"} exchange={exchange} />}
      about={t("credentials.about")}
      query={credentialsQuery}
      empty={{
        icon: <IconKey size={32} />,
        title: t("credentials.empty"),
        text: t("credentials.emptyText"),
      }}
      before={
        <>
          <ExchangePanel state={state} exchange={exchange} />
          <Said saying={said} listed={listed} />
        </>
      }
    >
      {(credentials) => <Cards credentials={credentials} say={say} />}
    </ListPage>
  );
}

function OperatorsActions({ busy, exchange }: { busy: boolean; exchange: () => void }) {
  return (
    <div className={classes.actions}>
      <Button variant="default" component={Link} href={PATHS.allCredentials}>
        {t("credentials.everybodys")}
      </Button>
      <ExchangeButton busy={busy} exchange={exchange} />
    </div>
  );
}

interface CardsProps {
  credentials: readonly Credential[];
  say: (saying: Saying) => void;
}

function Cards({ credentials, say }: CardsProps) {
  const nowMs = useNow(30_000);
  const providers = useQuery(providersQuery).data;
  const sessions = useQuery({ ...sessionsQuery, enabled: mayBeReplaced(credentials, nowMs) }).data ?? [];
  const begun = begunOf(sessions);
  return (
    <div className={classes.list}>
      {credentials.map((credential) => (
        <CredentialItem
          key={credential.credential_id}
          credential={credential}
          provider={providers && (providers.find(({ name }) => name === credential.provider) ?? null)}
          replacement={replacementOf(credential, credentials, begun, nowMs)}
          nowMs={nowMs}
          say={(text) => {
            say({ text });
          }}
        />
      ))}
    </div>
  );
}
