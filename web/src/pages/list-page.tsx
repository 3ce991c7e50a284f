import { Button, Skeleton } from "@mantine/core";
import { useQuery, type UseQueryOptions } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { asProblem } from "../api/problem";
import { t } from "../i18n";
import { EmptyState } from "../ui/empty-state";
import { PageHead } from "../ui/page-head";
import { ProblemPanel } from "../ui/problem-panel";

export interface ListProps<Row> {
  title: string;
  about: string;
  query: UseQueryOptions<Row[], Error, Row[], string[]>;
  empty: { icon: ReactNode; title: string; text: string };
  /** What can be done on this page, beside its heading. */
  action?: ReactNode;
  /** Between heading and list, however long that is. */
  before?: ReactNode;
  /** What is shown of at least one. */
  children: (rows: readonly Row[]) => ReactNode;
}

/** A page that is one list: loading, failed, empty or full. */
export function ListPage<Row>(props: ListProps<Row>) {
  const { title, about, query, empty, action, before, children } = props;
  const rows = useQuery(query);
  return (
    <>
      <PageHead title={title} action={action}>
        {about}
      </PageHead>
      {before}
      {rows.isPending && <Skeleton height={220} radius="lg" />}
      {rows.isError && (
        <ProblemPanel
          title={t("common.couldNotBeRead", { title })}
          problem={asProblem(rows.error)}
          action={<Button onClick={() => void rows.refetch()}>{t("common.tryAgain")}</Button>}
        />
      )}
      {rows.data?.length === 0 && (
        <EmptyState icon={empty.icon} title={empty.title}>
          {empty.text}
        </EmptyState>
      )}
      {rows.data !== undefined && rows.data.length > 0 && children(rows.data)}
    </>
  );
}
