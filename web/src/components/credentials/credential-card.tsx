import { Button } from "@mantine/core";
import { IconArrowRight, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { asProblem } from "../../api/problem";
import type { Credential } from "../../api/types";
import type { ConfirmedAction } from "../../ui/confirmed-action";
import { CopyIcon } from "../../ui/copy-button";
import { Pill } from "../../ui/pill";
import { ProblemPanel } from "../../ui/problem-panel";
import { day } from "../../ui/time";
import { CheckOutButton } from "./check-out-button";
import classes from "./credential-card.module.css";
import { heldBy, nameOf, type Held } from "./credential-words";
import { DeleteButton } from "./delete-button";
import { ExportButton } from "./export-button";
import { accessWords, isLoginEnding, loginWords, outlookOf } from "./forecast";
import { ReturnButton } from "./return-button";

export interface CredentialActions {
  checkOut: ConfirmedAction<string>;
  takeBack: ConfirmedAction<string>;
  takeCopy: ConfirmedAction<undefined>;
  remove: ConfirmedAction<undefined>;
}

/** What *Renew* does: nothing without a provider file, or go to the session that is open, or start one. */
export type Renewal =
  | { kind: "no-provider" }
  | { kind: "open"; go: () => void }
  | { kind: "start"; start: () => void; busy: boolean; error: unknown };

interface Props {
  credential: Credential;
  title: string;
  nowMs: number;
  renewal: Renewal;
  actions: CredentialActions;
  /** The fold with its history. */
  children: ReactNode;
}

/** One credential: whose it is, where it is, how long it is good for, and what can be done. */
export function CredentialCard({ credential, title, nowMs, renewal, actions, children }: Props) {
  const held = heldBy(credential);
  const { credential_id: id } = credential;
  const name = nameOf(title, credential);
  return (
    <article className={classes.card} aria-labelledby={`credential-${id}`}>
      <header className={classes.head}>
        <div className={classes.names}>
          <h2 id={`credential-${id}`}>{title}</h2>
          <span>{credential.account ?? "The tool does not name the account"}</span>
        </div>
        <State credential={credential} held={held} nowMs={nowMs} />
      </header>
      <CredentialFacts credential={credential} held={held} nowMs={nowMs} />
      <footer className={classes.foot}>
        <RenewButton name={name} renewal={renewal} urgent={isLoginEnding(outlookOf(credential, nowMs))} />
        {held === null ? (
          <CheckOutButton id={id} name={name} checkOut={actions.checkOut} />
        ) : (
          <ReturnButton id={id} name={name} held={held} takeBack={actions.takeBack} />
        )}
        <ExportButton id={id} name={name} held={held} takeCopy={actions.takeCopy} />
        <DeleteButton name={name} held={held} remove={actions.remove} />
      </footer>
      {renewal.kind === "start" && renewal.error !== null && (
        <ProblemPanel title="Could not start the sign-in" problem={asProblem(renewal.error)} />
      )}
      {children}
    </article>
  );
}

interface StateProps {
  credential: Credential;
  held: Held | null;
  nowMs: number;
}

function State({ credential, held, nowMs }: StateProps) {
  const outlook = outlookOf(credential, nowMs);
  return (
    <div className={classes.state}>
      {outlook === "login-expired" && <Pill tone="bad">Login expired</Pill>}
      {outlook === "login-ends-soon" && <Pill tone="warn">Login ends soon</Pill>}
      {held === null ? <Pill tone="good">In the vault</Pill> : <Pill tone="warn">Checked out</Pill>}
    </div>
  );
}

function CredentialFacts({ credential, held, nowMs }: StateProps) {
  const { credential_id: id, scopes } = credential;
  return (
    <dl className={classes.facts}>
      <Fact name="Where it is">
        {held === null ? (
          "In the vault; nobody holds it"
        ) : (
          <>
            With <strong>{held.holder}</strong> since <time dateTime={held.since}>{day(held.since)}</time>
          </>
        )}
      </Fact>
      <Fact name="Login">{loginWords(credential, nowMs)}</Fact>
      <Fact name="Access token">{accessWords(credential, nowMs)}</Fact>
      {scopes.length > 0 && (
        <Fact name="Allows">
          <ul className={classes.scopes}>
            {scopes.map((scope) => (
              <li key={scope}>
                <code>{scope}</code>
              </li>
            ))}
          </ul>
        </Fact>
      )}
      <Fact name="Sealed">
        <time dateTime={credential.sealed_at}>{day(credential.sealed_at)}</time>
      </Fact>
      <Fact name="Id">
        <code>{id}</code>
        <CopyIcon value={id} what={`credential id ${id}`} />
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
    case "no-provider":
      return null;
    case "open":
      return (
        <Button
          size="sm"
          rightSection={<IconArrowRight size={16} />}
          aria-label={`Open session of ${name}`}
          onClick={renewal.go}
        >
          Open session
        </Button>
      );
    case "start":
      return (
        <Button
          size="sm"
          variant={urgent ? "filled" : "light"}
          leftSection={<IconRefresh size={16} />}
          loading={renewal.busy}
          aria-label={`Renew ${name}`}
          onClick={renewal.start}
        >
          Renew
        </Button>
      );
  }
}
