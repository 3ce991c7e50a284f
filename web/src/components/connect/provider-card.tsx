import { Button } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { asProblem } from "../../api/problem";
import type { Flow, Provider } from "../../api/types";
import { t } from "../../i18n";
import { Pill } from "../../ui/pill";
import { ProblemPanel } from "../../ui/problem-panel";
import { ConnectButton } from "./connect-button";
import { cardState } from "./connection-state";
import classes from "./provider-card.module.css";

interface Props {
  provider: Provider;
  nowMs: number;
  connecting: boolean;
  /** Why the last press of *Connect* came to nothing. */
  error: unknown;
  /** Without a flow, in the preferred way. */
  connect: (flow?: Flow) => void;
  openSession: (id: string) => void;
}

/** One tool: what it is, how it stands with it, and one button. */
export function ProviderCard({ provider, nowMs, connecting, error, connect, openSession }: Props) {
  const state = cardState(provider, nowMs);
  return (
    <article className={classes.card} aria-labelledby={`tool-${provider.name}`}>
      <header className={classes.head}>
        <Monogram name={provider.title} />
        <div className={classes.names}>
          <h2 id={`tool-${provider.name}`}>{provider.title}</h2>
          <span>
            {provider.vendor} · {provider.version}
          </span>
        </div>
      </header>
      <p className={classes.description} lang="en">
        {provider.description}
      </p>
      <div className={classes.state}>
        <Pill tone={state.tone}>{state.text}</Pill>
        {state.detail !== null && (
          <span lang={state.reported === true ? "en" : undefined}>{state.detail}</span>
        )}
      </div>
      {!provider.verified && <Unverified why={provider.unverified_because} />}
      {provider.notes !== null && (
        <p className={classes.notes} lang="en">
          {provider.notes}
        </p>
      )}
      <footer className={classes.foot}>
        {provider.open_session_id === null ? (
          <ConnectButton
            provider={provider}
            verb={state.next === "renew" ? "renew" : "connect"}
            variant={state.next === "add" ? "light" : "filled"}
            busy={connecting}
            connect={connect}
          />
        ) : (
          <OpenButton title={provider.title} id={provider.open_session_id} open={openSession} />
        )}
      </footer>
      {error !== null && <ProblemPanel title={t("common.couldNotStart")} problem={asProblem(error)} />}
    </article>
  );
}

/** Nobody could try this tool's file: why, in full, behind a badge that keys reach too. */
function Unverified({ why }: { why: string | null }) {
  return (
    <details className={classes.unverified}>
      <summary>{t("connect.unverified")}</summary>
      {why === null ? <p>{t("connect.untried")}</p> : <p lang="en">{why}</p>}
    </details>
  );
}

function OpenButton({
  title,
  id,
  open,
}: {
  title: string;
  id: string;
  open: (id: string) => void;
}): ReactNode {
  return (
    <Button
      fullWidth
      size="md"
      rightSection={<IconArrowRight size={18} />}
      onClick={() => {
        open(id);
      }}
      aria-label={t("common.openSessionOf", { name: title })}
    >
      {t("common.openSession")}
    </Button>
  );
}

/** Two letters instead of a vendor's trade mark. */
function Monogram({ name }: { name: string }) {
  const initials = name
    .split(/\s+/)
    .map((word) => word.charAt(0))
    .join("")
    .slice(0, 2);
  return (
    <span className={classes.monogram} aria-hidden="true">
      {initials.length === 1 ? name.slice(0, 2) : initials}
    </span>
  );
}
