import { IconDoorOff } from "@tabler/icons-react";
import { Link } from "wouter";

import { t } from "../i18n";
import { EmptyState } from "../ui/empty-state";
import { PageHead } from "../ui/page-head";
import { PATHS } from "./paths";

export function NotFoundPage() {
  return (
    <>
      <PageHead title={t("shell.noPage")}>{t("shell.noDoor")}</PageHead>
      <EmptyState icon={<IconDoorOff size={32} />} title={t("shell.nowhere")}>
        <Link href={PATHS.connect}>{t("shell.goToTools")}</Link>
      </EmptyState>
    </>
  );
}
