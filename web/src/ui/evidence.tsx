import { Accordion } from "@mantine/core";

import { t } from "../i18n";
import classes from "./evidence.module.css";

/** What was kept of a failure (name → text, as it was on a screen or in a log), folded until it is asked for. */
export function Evidence({ evidence = {} }: { evidence?: Readonly<Record<string, string>> | undefined }) {
  const kept = Object.entries(evidence).filter(([, text]) => text.trim() !== "");
  if (kept.length === 0) return null;
  return (
    <Accordion variant="separated" multiple>
      {kept.map(([name, text]) => (
        <Accordion.Item key={name} value={name} className={classes.item}>
          <Accordion.Control>{t("common.evidence", { name: name.replaceAll("_", " ") })}</Accordion.Control>
          <Accordion.Panel>
            <pre className={classes.text} tabIndex={0} lang="en">
              {text}
            </pre>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}
