import { Button } from "@mantine/core";
import { IconArrowRight, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { asProblem } from "../../api/problem";
import type { Credential } from "../../api/types";
import { rich, t } from "../../i18n";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { CopyIcon } from "../../ui/copy-button";
import { Pill } from "../../ui/pill";
import { ProblemPanel } from "../../ui/problem-panel";
import { day } from "../../ui/time";
import { Warning } from "../../ui/warning";
import { CheckOutButton } from "./check-out-button";
import { concernOf, type Concern } from "./concern";
import classes from "./credential-card.module.css";
import { heldBy, nameOf, type Held } from "./credential-words";
import { DeleteButton } from "./delete-button";
import { ExportButton } from "./export-button";
import { accessWords, loginWords } from "./forecast";
import { ReturnButton, type HandedBack } from "./return-button";

export interface CredentialActions {
  checkOut: ConfirmedAction<string>;
  takeBack: ConfirmedAction<HandedBack>;
  takeCopy: ConfirmedAction<undefined>;
  remove: ConfirmedAction<undefined>;
}

/** What *Renew* does: nothing while that is not known or without a provider file, go to what is open, or start. */
export type Renewal =
  | { kind: "unknown" }
  | { kind: "no-provider" }
  | { kind: "open"; go: () => void }
  | { kind: "start"; start: () => void; busy: boolean; error: unknown };

interface Props {
  credential: Credential;
  title: string;
  nowMs: number;
  renewal: Renewal;
  /** The newer sign-in that has taken its place. */
  replacement: Credential | null;
  actions: CredentialActions;
  /** The fold with its history. */
  children: ReactNode;
}

/** One credential: whose it is, where it is, how long it is good for, and what can be done. */
export function CredentialCard(props: Props) {
  const { credential, title, nowMs, renewal, replacement, children } = props;
  const held = heldBy(credential);
  const { credential_id: id } = credential;
  const concern = concernOf(credential, nowMs);
  return (
    <article className={classes.card} aria-labelledby={`credential-${id}`}>
      <header className={classes.head}>
        <div className={classes.names}>
          <h2 id={`credential-${id}`}>{title}</h2>
          <span>{credential.account ?? t("credentials.noAccount")}</span>
        </div>
        <div className={classes.state}>
          {replacement !== null && <Pill tone="quiet">{t("credentials.replaced")}</Pill>}
          {replacement === null && concern !== null && <Pill tone={concern.tone}>{concern.state}</Pill>}
          {held === null ? (
            <Pill tone="good">{t("credentials.inTheVault")}</Pill>
          ) : (
            <Pill tone="warn">{t("credentials.checkedOut")}</Pill>
          )}
        </div>
      </header>
      {replacement !== null && <Replaced by={replacement} />}
      {replacement === null && concern !== null && <Concerned concern={concern} renewal={renewal} />}
      <CredentialFacts credential={credential} held={held} nowMs={nowMs} />
      <Actions {...props} held={held} urgent={concern !== null} />
      {renewal.kind === "start" && renewal.error !== null && (
        <ProblemPanel title={t("common.couldNotStart")} problem={asProblem(renewal.error)} />
      )}
      {children}
    </article>
  );
}

function Replaced({ by }: { by: Credential }) {
  return (
    <p className={classes.replaced}>
      {rich("credentials.replacedBy", {
        day: day(by.sealed_at),
        time: (text) => <time dateTime={by.sealed_at}>{text}</time>,
      })}
    </p>
  );
}

/** What is wrong, and what to do about it here. */
function Concerned({ concern, renewal }: { concern: Concern; renewal: Renewal }) {
  return (
    <Warning>
      <span lang={concern.reported ? "en" : undefined}>{concern.why}</span>{" "}
      <strong>{adviceOf(renewal)}</strong>
    </Warning>
  );
}

function adviceOf(renewal: Renewal): string {
  switch (renewal.kind) {
    case "start":
      return t("credentials.adviceRenew");
    case "open":
      return t("credentials.adviceGoOn");
    case "no-provider":
      return t("credentials.adviceNoProvider");
    case "unknown":
      return "";
  }
}

type ActionsProps = Pick<Props, "credential" | "title" | "renewal" | "replacement" | "actions"> & {
  held: Held | null;
  /** A person should sign in again now. */
  urgent: boolean;
};

function Actions({ credential, title, renewal, replacement, actions, held, urgent }: ActionsProps) {
  const { credential_id: id } = credential;
  const name = nameOf(title, credential);
  const remove = <DeleteButton name={name} held={held} remove={actions.remove} />;
  if (replacement !== null) return <footer className={classes.foot}>{remove}</footer>;
  return (
    <footer className={classes.foot}>
      <RenewButton name={name} renewal={renewal} urgent={urgent} />
      {held === null ? (
        <CheckOutButton id={id} name={name} checkOut={actions.checkOut} />
      ) : (
        <ReturnButton id={id} name={name} held={held} takeBack={actions.takeBack} />
      )}
      <ExportButton id={id} name={name} held={held} takeCopy={actions.takeCopy} />
      {remove}
    </footer>
  );
}

interface FactsProps {
  credential: Credential;
  held: Held | null;
  nowMs: number;
}

function CredentialFacts({ credential, held, nowMs }: FactsProps) {
  const { credential_id: id, scopes } = credential;
  return (
    <dl className={classes.facts}>
      <Fact name={t("credentials.where")}>
        {held === null ? (
          t("credentials.nobodyHolds")
        ) : (
          <>
            {rich("credentials.withSince", {
              holder: held.holder,
              day: day(held.since),
              time: (text) => <time dateTime={held.since}>{text}</time>,
            })}
          </>
        )}
      </Fact>
      <Fact name={t("credentials.login")}>{loginWords(credential, nowMs)}</Fact>
      <Fact name={t("credentials.accessToken")}>{accessWords(credential, nowMs)}</Fact>
      {scopes.length > 0 && (
        <Fact name={t("credentials.allows")}>
          <ul className={classes.scopes}>
            {scopes.map((scope) => (
              <li key={scope}>
                <code>{scope}</code>
              </li>
            ))}
          </ul>
        </Fact>
      )}
      <Fact name={t("credentials.sealed")}>
        <time dateTime={credential.sealed_at}>{day(credential.sealed_at)}</time>
      </Fact>
      <Fact name={t("credentials.id")}>
        <code>{id}</code>
        <CopyIcon value={id} what={t("credentials.credentialId", { id })} />
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function RenewButton({ name, renewal, urgent }: { name: string; renewal: Renewal; urgent: boolean }) {
  switch (renewal.kind) {
    case "unknown":
    case "no-provider":
      return null;
    case "open":
      return (
        <Button
          size="sm"
          rightSection={<IconArrowRight size={16} />}
          aria-label={t("common.openSessionOf", { name: name })}
          onClick={renewal.go}
        >
          {t("common.openSession")}
        </Button>
      );
    case "start":
      return (
        <Button
          size="sm"
          variant={urgent ? "filled" : "light"}
          leftSection={<IconRefresh size={16} />}
          loading={renewal.busy}
          aria-label={t("common.renewName", { name })}
          onClick={renewal.start}
        >
          {t("common.renew")}
        </Button>
      );
  }
}
