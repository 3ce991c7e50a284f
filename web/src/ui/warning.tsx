import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";

import classes from "./warning.module.css";

/** Something to know before one says yes. */
export function Warning({ children }: { children: ReactNode }) {
  return (
    <p className={classes.warning}>
      <IconAlertTriangle size={18} aria-hidden="true" />
      <span>{children}</span>
    </p>
  );
}
