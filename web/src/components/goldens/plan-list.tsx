import { IconCheck, IconHammer } from "@tabler/icons-react";

import type { PlannedProduct } from "../../api/types";
import { t } from "../../i18n";
import { duration } from "../../ui/time";
import classes from "./plan-list.module.css";

/** What a renewal finds there and what it makes, with how long that took the last time. */
export function PlanList({ plan }: { plan: readonly PlannedProduct[] }) {
  return (
    <ul className={classes.plan}>
      {plan.map((product) => (
        <li key={product.kind} className={classes.product} data-done={product.done}>
          {product.done ? (
            <IconCheck size={16} aria-hidden="true" />
          ) : (
            <IconHammer size={16} aria-hidden="true" />
          )}
          <span className={classes.kind}>{product.kind}</span>
          {product.name === null ? (
            <span className={classes.name}>{t("goldens.namedByDisk")}</span>
          ) : (
            <code className={classes.name}>{product.name}</code>
          )}
          <span className={classes.state}>{stateOf(product)}</span>
        </li>
      ))}
    </ul>
  );
}

function stateOf({ done, last_build_s }: PlannedProduct): string {
  if (done) return t("goldens.there");
  return last_build_s === null
    ? t("goldens.toMake")
    : t("goldens.toMakeLast", { duration: duration(last_build_s) });
}
