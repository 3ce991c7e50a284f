import type { ReactNode } from "react";

import classes from "./empty-state.module.css";

/** Says what would be here and how to get the first one. */
export function EmptyState({
  icon,
  title,
  children,
}: {
  icon: ReactNode;
  title: string;
  children: ReactNode;
}) {
  return (
    <div className={classes.empty}>
      <div className={classes.icon} aria-hidden="true">
        {icon}
      </div>
      <strong>{title}</strong>
      <p>{children}</p>
    </div>
  );
}
