import { Accordion } from "@mantine/core";

import { t, type PlainKey } from "../i18n";
import classes from "./evidence.module.css";

const PIECES: Readonly<Record<string, PlainKey>> = {
  screen: "common.evidenceScreen",
  agent_log: "common.evidenceAgentLog",
  console: "common.evidenceConsole",
  addresses: "common.evidenceAddresses",
  exit: "common.evidenceExit",
  checks: "common.evidenceChecks",
  machine_memory: "common.evidenceMachineMemory",
  host_pressure: "common.evidenceHostPressure",
  screenshot: "common.evidenceScreenshot",
  tool_says: "common.evidenceToolSays",
  sites_unreachable: "common.evidenceSitesUnreachable",
  sites_refused: "common.evidenceSitesRefused",
  log: "common.evidenceLog",
};

/** A piece that this page does not know is called as it came. */
function pieceName(name: string): string {
  const words = PIECES[name];
  return words === undefined ? name.replaceAll("_", " ") : t(words);
}

/** What was kept of a failure (name → text, as it was on a screen or in a log), folded until it is asked for. */
export function Evidence({ evidence = {} }: { evidence?: Readonly<Record<string, string>> | undefined }) {
  const kept = Object.entries(evidence).filter(([, text]) => text.trim() !== "");
  if (kept.length === 0) return null;
  return (
    <Accordion variant="separated" multiple>
      {kept.map(([name, text]) => (
        <Accordion.Item key={name} value={name} className={classes.item}>
          <Accordion.Control>{t("common.evidence", { name: pieceName(name) })}</Accordion.Control>
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
