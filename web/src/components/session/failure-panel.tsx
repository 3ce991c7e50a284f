import { Accordion, Button, Code } from "@mantine/core";
import { IconDoorOff, IconRefresh } from "@tabler/icons-react";

import { asProblem } from "../../api/problem";
import type { Failure } from "../../api/types";
import { ProblemPanel } from "../../ui/problem-panel";
import classes from "./ending.module.css";
import { ORDER, STEP_WORDS, type Step } from "./rail";

interface Props {
  title: string;
  /** An end that the person wanted is no alarm. */
  tone: "bad" | "quiet";
  failure: Failure;
  retry: { busy: boolean; start: () => void } | null;
  /** Why the last press of *Try again* came to nothing. */
  error: unknown;
}

/** Why a session ended without a credential: cause, last good step, remedy, one action, evidence. */
export function FailurePanel({ title, tone, failure, retry, error }: Props) {
  return (
    <div className={classes.ending} data-tone={tone}>
      <IconDoorOff className={classes.sign} size={44} stroke={1.5} aria-hidden="true" />
      <h2>{title}</h2>
      <p className={classes.cause}>{failure.cause}</p>
      <p className={classes.next}>{failure.remedy}</p>
      <dl className={classes.small}>
        <dt>Code</dt>
        <dd>
          <Code>{failure.code}</Code>
        </dd>
        <dt>Last good step</dt>
        <dd>{stepName(failure.stage)}</dd>
      </dl>
      {retry !== null && (
        <Button size="md" leftSection={<IconRefresh size={18} />} loading={retry.busy} onClick={retry.start}>
          Try again
        </Button>
      )}
      {error !== null && <ProblemPanel title="Could not start again" problem={asProblem(error)} />}
      <Evidence evidence={Object.entries(failure.evidence ?? {})} />
    </div>
  );
}

function Evidence({ evidence }: { evidence: readonly (readonly [string, string])[] }) {
  if (evidence.length === 0) return null;
  return (
    <Accordion className={classes.evidence} variant="separated" multiple>
      {evidence.map(([name, text]) => (
        <Accordion.Item key={name} value={name} className={classes.item}>
          <Accordion.Control>Evidence: {name.replaceAll("_", " ")}</Accordion.Control>
          <Accordion.Panel>
            <pre className={classes.text} tabIndex={0}>
              {text}
            </pre>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}

function stepName(stage: Failure["stage"]): string {
  return isStep(stage) ? STEP_WORDS[stage].reached : "Not recorded";
}

function isStep(stage: string): stage is Step {
  return (ORDER as readonly string[]).includes(stage);
}
