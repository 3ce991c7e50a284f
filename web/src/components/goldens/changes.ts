/** Differences of inputs as rows: by layer, hashes by their beginnings. */

import type { InputChange } from "../../api/types";
import { t } from "../../i18n";
import { brief } from "../../ui/brief";

export type ChangeKind = "changed" | "added" | "removed";

export interface ChangeRow {
  key: string;
  layer: string;
  input: string;
  kind: ChangeKind;
  before: string | null;
  after: string | null;
}

const HASH = /^(?:sha256:)?[0-9a-f]{32,}$/;

export function changeRows(changes: readonly InputChange[]): ChangeRow[] {
  return changes.map((change, index) => ({
    key: `${index}`,
    layer: change.layer,
    input: change.input,
    kind: kindOf(change),
    before: change.before,
    after: change.after,
  }));
}

function kindOf({ before, after }: InputChange): ChangeKind {
  if (before === null) return "added";
  return after === null ? "removed" : "changed";
}

/** A hash by its beginning, anything else as it is. */
export const shortened = (value: string): string =>
  HASH.test(value) ? brief(value.replace("sha256:", "")) : value;

/** “1 input of agent, 3 of tools”: what a person hears before any row. */
export function changeSummary(changes: readonly InputChange[]): string {
  const counts = new Map<string, number>();
  for (const { layer } of changes) counts.set(layer, (counts.get(layer) ?? 0) + 1);
  return [...counts]
    .map(([layer, count], index) =>
      index === 0 ? t("goldens.inputsOf", { count, layer }) : t("goldens.countOf", { count, layer }),
    )
    .join(", ");
}
