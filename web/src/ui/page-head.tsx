import { Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";

import classes from "./page-head.module.css";

/** A page's heading; it names the browser's tab, too. */
export function PageHead({ title, children }: { title: string; children: ReactNode }) {
  useDocumentTitle(title);
  return (
    <header className={classes.head}>
      <Title order={1} fz={{ base: 26, sm: 32 }}>
        {title}
      </Title>
      <p>{children}</p>
    </header>
  );
}

export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Vestibule`;
  }, [title]);
}
