import { ActionIcon } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";

import { t } from "../i18n";
import classes from "./pager.module.css";

interface Props {
  /** From 0. */
  page: number;
  size: number;
  total: number;
  /** There are more rows than were looked at: the total is of those alone. */
  bounded: boolean;
  go: (page: number) => void;
}

/** Which rows are shown, of how many, and the way to the others. */
export function Pager({ page, size, total, bounded, go }: Props) {
  const first = page * size;
  const last = Math.min(total, first + size);
  const pages = Math.max(1, Math.ceil(total / size));
  return (
    <nav className={classes.pager} aria-label={t("common.tablePages")}>
      <span role="status">
        {total === 0
          ? t("common.noRows")
          : t(bounded ? "common.rowsOfMore" : "common.rowsOf", { first: first + 1, last, total })}
      </span>
      {bounded && <span>{t("common.moreRows")}</span>}
      {pages > 1 && (
        <>
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t("common.pageBefore")}
            disabled={page === 0}
            onClick={() => {
              go(Math.min(page, pages) - 1);
            }}
          >
            <IconChevronLeft size={18} />
          </ActionIcon>
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t("common.nextPage")}
            disabled={page >= pages - 1}
            onClick={() => {
              go(page + 1);
            }}
          >
            <IconChevronRight size={18} />
          </ActionIcon>
        </>
      )}
    </nav>
  );
}
