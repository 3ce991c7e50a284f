import { Button, VisuallyHidden } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";

import type { InputChange } from "../../api/types";
import { t } from "../../i18n";
import classes from "./changes-list.module.css";
import { changeRows, shortened, type ChangeRow } from "./changes";

/** So many rows are read at a glance; the others are a press away. */
const SHOWN = 6;

/** Inputs that differ: layer, name, before → after. */
export function ChangesList({ changes }: { changes: readonly InputChange[] }) {
  const [all, { toggle }] = useDisclosure(false);
  const rows = changeRows(changes);
  const few = rows.length <= SHOWN + 1;
  return (
    <>
      <ul className={classes.rows}>
        {rows.slice(0, all || few ? rows.length : SHOWN).map((row) => (
          <Row key={row.key} row={row} />
        ))}
      </ul>
      {!few && (
        <Button variant="subtle" size="compact-sm" onClick={toggle} aria-expanded={all}>
          {all ? t("goldens.showFewer") : t("goldens.showAll", { count: rows.length })}
        </Button>
      )}
    </>
  );
}

function Row({ row }: { row: ChangeRow }) {
  return (
    <li className={classes.row}>
      <span className={classes.layer}>{row.layer}</span>
      <code className={classes.input}>{row.input}</code>
      <span className={classes.values}>
        <Values row={row} />
      </span>
    </li>
  );
}

function Values({ row }: { row: ChangeRow }) {
  switch (row.kind) {
    case "added":
      return (
        <>
          <em>{t("goldens.added")}</em> <Value text={row.after} />
        </>
      );
    case "removed":
      return (
        <>
          <em>{t("goldens.removed")}</em> <Value text={row.before} />
        </>
      );
    case "changed":
      return (
        <>
          <Value text={row.before} /> <span aria-hidden="true">→</span>
          <VisuallyHidden>{` ${t("goldens.became")} `}</VisuallyHidden> <Value text={row.after} />
        </>
      );
  }
}

function Value({ text }: { text: string | null }) {
  return text === null ? null : <code title={text}>{shortened(text)}</code>;
}
