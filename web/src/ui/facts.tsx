import type { ReactNode } from "react";

import { CopyIcon } from "./copy-button";
import classes from "./facts.module.css";

export interface Fact {
  name: string;
  /** null: not known yet. */
  value: string | null;
  copyable: boolean;
}

/** Names and values, the values in a monospaced type because they are ids and addresses. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map((fact) => (
        <div key={fact.name} className={classes.fact}>
          <dt>{fact.name}</dt>
          <dd>{valueOf(fact)}</dd>
        </div>
      ))}
    </dl>
  );
}

function valueOf({ name, value, copyable }: Fact): ReactNode {
  if (value === null) return <span className={classes.unknown}>not yet</span>;
  return (
    <>
      <span className={classes.value} title={value}>
        {value}
      </span>
      {copyable && <CopyIcon value={value} what={name.toLowerCase()} />}
    </>
  );
}
