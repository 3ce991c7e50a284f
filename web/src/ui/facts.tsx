import type { ReactNode } from "react";

import { midSentence } from "../i18n";
import { CopyIcon } from "./copy-button";
import classes from "./facts.module.css";

export interface Fact {
  name: string;
  /** null: not known yet. */
  value: string | null;
  /** What is shown instead of a value that is too long to read; the value is what is copied. */
  shown?: string | null;
  copyable: boolean;
}

/** Names and values (`unknown` where a value is null), the values in a monospaced type because they are ids and addresses. */
export function Facts({ facts, unknown }: { facts: readonly Fact[]; unknown: string }) {
  return (
    <dl className={classes.facts}>
      {facts.map((fact) => (
        <div key={fact.name} className={classes.fact}>
          <dt>{fact.name}</dt>
          <dd>{valueOf(fact, unknown)}</dd>
        </div>
      ))}
    </dl>
  );
}

function valueOf({ name, value, shown, copyable }: Fact, unknown: string): ReactNode {
  if (value === null) return <span className={classes.unknown}>{unknown}</span>;
  return (
    <>
      <span className={classes.value} title={value}>
        {shown ?? value}
      </span>
      {copyable && <CopyIcon value={value} what={midSentence(name)} />}
    </>
  );
}
