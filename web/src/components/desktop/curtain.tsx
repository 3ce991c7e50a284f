import { Button } from "@mantine/core";
import { useEffect, useState } from "react";

import type { Problem } from "../../api/types";
import { rich, t } from "../../i18n";
import { ProblemPanel } from "../../ui/problem-panel";
import classes from "./desktop.module.css";

interface Props {
  title: string;
  problem: Problem;
  /** On `performance.now()`'s clock; null while a try is under way. */
  retryAt: number | null;
  lastGoodStep: string;
  retryNow: () => void;
}

/** Over a desktop that is not there: why, the last good step, and when the next try is. */
export function Curtain({ title, problem, retryAt, lastGoodStep, retryNow }: Props) {
  return (
    <div className={classes.curtain}>
      <div className={classes.notice}>
        <ProblemPanel
          title={title}
          problem={problem}
          action={
            <Button size="xs" loading={retryAt === null} onClick={retryNow}>
              {t("desktop.tryNow")}
            </Button>
          }
        />
        <p className={classes.more}>
          {rich("desktop.lastGood", {
            step: lastGoodStep,
            next: retryAt === null ? t("desktop.tryingNow") : <NextTry at={retryAt} />,
          })}
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
  return <>{t("desktop.nextTry", { seconds: Math.max(0, Math.ceil((at - now) / 1000)) })}</>;
}
