import { useQuery } from "@tanstack/react-query";
import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { meQuery } from "../api/queries";
import { t } from "../i18n";
import { EmptyState } from "../ui/empty-state";

/** What only the operator may see: to others it says so, and asks the controller for nothing. */
export function OperatorOnly({ what, children }: { what: string; children: ReactNode }) {
  const me = useQuery(meQuery).data;
  if (me === undefined) return null;
  if (me.operator) return children;
  return (
    <EmptyState icon={<IconLock size={32} />} title={t("shell.operatorsOnly", { what })}>
      {t("shell.operatorCan")}
    </EmptyState>
  );
}
