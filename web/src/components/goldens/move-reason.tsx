import type { GoldenStatus } from "../../api/types";
import { rich } from "../../i18n";

/** Why it came into its state, in the controller's English.  A superseded one is told why the next was promoted. */
export function MoveReason({ to, why }: { to: GoldenStatus; why: string }) {
  const told = <span lang="en">{why}</span>;
  return to === "superseded" ? rich("goldens.anotherTook", { why: told }) : told;
}
