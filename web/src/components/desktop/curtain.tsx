import { Button } from "@mantine/core";
import { useEffect, useState } from "react";

import type { Problem } from "../../api/types";
import { ProblemPanel } from "../../ui/problem-panel";
import classes from "./desktop.module.css";

interface Props {
  problem: Problem;
  /** On `performance.now()`'s clock; null while a try is under way. */
  retryAt: number | null;
  lastGoodStep: string;
  retryNow: () => void;
}

/** Over a desktop that is not there: why, the last good step, and when the next try is. */
export function Curtain({ problem, retryAt, lastGoodStep, retryNow }: Props) {
  return (
    <div className={classes.curtain}>
      <div className={classes.notice}>
        <ProblemPanel
          title="The desktop is not connected"
          problem={problem}
          action={
            <Button size="xs" loading={retryAt === null} onClick={retryNow}>
              Try now
            </Button>
          }
        />
        <p className={classes.more}>
          Last good step: {lastGoodStep} · {retryAt === null ? "trying now…" : <NextTry at={retryAt} />}
        </p>
      </div>
    </div>
  );
}

function NextTry({ at }: { at: number }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(performance.now());
    }, 500);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return <>next try in {Math.max(0, Math.ceil((at - now) / 1000))} s</>;
}
