import { IconEye, IconHourglass } from "@tabler/icons-react";
import { useCallback, useState } from "react";

import { own, type OwnProblem } from "../api/problem";
import { WatchDesktop } from "../components/watch/watch-desktop";
import { statusWords } from "../components/watch/watcher-words";
import { readWatched, type Watched } from "../components/watch/watched";
import { t } from "../i18n";
import { Logo } from "../ui/logo";
import { useDocumentTitle } from "../ui/page-head";
import { Pill } from "../ui/pill";
import { ProblemPanel } from "../ui/problem-panel";
import { ThemeToggle } from "../ui/theme-toggle";
import { countdown } from "../ui/time";
import { useNow } from "../ui/use-now";
import classes from "./watch-page.module.css";

const noToken = (): OwnProblem => own("no_token", t("watch.noToken"), t("watch.noTokenRemedy"));

/** Somebody else's sign-in, to look at: by a view link, without an account. */
export function WatchPage({ token }: { token: string | null }) {
  const [watched, setWatched] = useState<Watched | null>(null);
  const onTold = useCallback((text: string) => {
    setWatched((before) => readWatched(text) ?? before);
  }, []);
  useDocumentTitle(watched === null ? t("watch.title") : t("watch.titleOf", { tool: watched.tool }));
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <Logo size={28} />
        <h1>{watched?.tool ?? t("watch.shared")}</h1>
        {watched !== null && <Standing watched={watched} />}
        <span className={classes.space} />
        <span className={classes.note}>
          <IconEye size={16} aria-hidden="true" /> <span>{t("watch.viewOnly")}</span>
        </span>
        <ThemeToggle />
      </header>
      <main className={classes.area}>
        {token === null ? (
          <ProblemPanel title={t("watch.nothing")} problem={noToken()} />
        ) : (
          <WatchDesktop token={token} lastGoodStep={stepOf(watched)} onTold={onTold} />
        )}
      </main>
      <p className={classes.foot}>{t("watch.foot")}</p>
    </div>
  );
}

function Standing({ watched }: { watched: Watched }) {
  const { text, tone } = statusWords(watched.status);
  return (
    <>
      <span role="status">
        <Pill tone={tone}>{t(text)}</Pill>
      </span>
      <Left until={watched.expiresAt} />
    </>
  );
}

function Left({ until }: { until: string }) {
  const left = (new Date(until).getTime() - useNow(1000)) / 1000;
  return (
    <span className={classes.note} role="timer" aria-label={t("watch.time")}>
      <IconHourglass size={15} aria-hidden="true" />
      <span>{t("watch.left", { time: countdown(left) })}</span>
    </span>
  );
}

function stepOf(watched: Watched | null): string {
  return t(watched === null ? "watch.noStep" : statusWords(watched.status).text);
}
