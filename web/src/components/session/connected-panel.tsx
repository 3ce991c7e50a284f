import { Code } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { Session } from "../../api/types";
import { Command } from "../../ui/command";
import { CopyIcon } from "../../ui/copy-button";
import classes from "./ending.module.css";

interface Props {
  session: Session;
  credentialId: string | null;
  /** Where to go from here: the page's links. */
  children: ReactNode;
}

/** The end that everybody wants. */
export function ConnectedPanel({ session, credentialId, children }: Props) {
  return (
    <div className={classes.ending} data-tone="good">
      <IconShieldCheck className={classes.sign} size={44} stroke={1.5} aria-hidden="true" />
      <h2>Connected</h2>
      <p className={classes.cause}>
        {session.provider_title} is signed in. Its credential is sealed in the vault, and its machine is
        destroyed.
      </p>
      {credentialId !== null && <WhatNow credentialId={credentialId} />}
      <div className={classes.links}>{children}</div>
    </div>
  );
}

function WhatNow({ credentialId }: { credentialId: string }) {
  const command = `vestibule credentials checkout ${credentialId} --to ~`;
  return (
    <>
      <dl className={classes.small}>
        <dt>Credential</dt>
        <dd>
          <Code>{credentialId}</Code>
          <CopyIcon value={credentialId} what="credential id" />
        </dd>
      </dl>
      <p className={classes.next}>To take it to where the tool runs:</p>
      <Command text={command} />
    </>
  );
}
