import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { credentialQuery } from "../api/credential-queries";
import { asProblem } from "../api/problem";
import { CustodyHistory } from "../components/credentials/custody-history";
import { t } from "../i18n";
import { ProblemPanel } from "../ui/problem-panel";
import classes from "./credentials-page.module.css";

/** Who had it when, read once somebody unfolds it. */
export function CredentialHistory({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  return (
    <details
      className={classes.history}
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>{t("common.history")}</summary>
      {open && <Steps id={id} />}
    </details>
  );
}

function Steps({ id }: { id: string }) {
  const detail = useQuery(credentialQuery(id));
  if (detail.data !== undefined) return <CustodyHistory steps={detail.data.history} />;
  if (detail.isPending) return <Skeleton height={48} radius="md" />;
  return (
    <ProblemPanel
      title={t("credentials.historyUnreadable")}
      problem={asProblem(detail.error)}
      action={<Button onClick={() => void detail.refetch()}>{t("common.tryAgain")}</Button>}
    />
  );
}
