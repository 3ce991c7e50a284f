import { Code } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { Session } from "../../api/types";
import { t } from "../../i18n";
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
      <h2>{t("session.connected")}</h2>
      <p className={classes.cause}>{t("session.connectedText", { tool: session.provider_title })}</p>
      {credentialId !== null && <WhatNow credentialId={credentialId} />}
      <div className={classes.links}>{children}</div>
    </div>
  );
}

function WhatNow({ credentialId }: { credentialId: string }) {
  return (
    <>
      <dl className={classes.small}>
        <dt>{t("session.credential")}</dt>
        <dd>
          <Code>{credentialId}</Code>
          <CopyIcon value={credentialId} what={t("common.credentialId")} />
        </dd>
      </dl>
      <p className={classes.next}>{t("session.takeItThere")}</p>
      <Command text={`vestibule credentials checkout ${credentialId} --to ~`} />
      <p className={classes.next}>{t("session.asBackup")}</p>
      <Command text={`vestibule credentials export ${credentialId} --to ./login`} />
    </>
  );
}
