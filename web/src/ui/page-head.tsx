import { Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";

import classes from "./page-head.module.css";

interface Props {
  title: string;
  children: ReactNode;
  /** What can be done on this page, beside its heading. */
  action?: ReactNode;
}

/** A page's heading; it names the browser's tab, too. */
export function PageHead({ title, children, action }: Props) {
  useDocumentTitle(title);
  return (
    <header className={classes.head}>
      <div>
        <Title order={1} fz={{ base: 26, sm: 32 }}>
          {title}
        </Title>
        <p>{children}</p>
      </div>
      {action !== undefined && action !== false && <div className={classes.action}>{action}</div>}
    </header>
  );
}

export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Vestibule`;
  }, [title]);
}
