import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";

import { asProblem, isNotSignedIn } from "../api/problem";
import { meQuery } from "../api/queries";
import { t } from "../i18n";
import { LanguageMenu } from "../ui/language-menu";
import { Logo } from "../ui/logo";
import { ProblemPanel } from "../ui/problem-panel";
import { ThemeToggle } from "../ui/theme-toggle";
import { Commands } from "./commands";
import { CrashGate } from "./crash-gate";
import { destinationsOf } from "./destinations";
import { PATHS } from "./paths";
import classes from "./shell.module.css";
import { SignedOut } from "./signed-out";
import { Tabs } from "./tabs";
import { UserMenu } from "./user-menu";

/** The frame of every page but the sign-in: who you are, where you can go. */
export function Shell({ wide, children }: { wide: boolean; children: ReactNode }) {
  const me = useQuery(meQuery);
  /** Why a language was not come by. */
  const [untranslated, setUntranslated] = useState<unknown>(null);
  return (
    <div className={classes.shell}>
      <a href="#content" className={classes.skip}>
        {t("shell.skip")}
      </a>
      <header className={classes.header}>
        <Link href={PATHS.connect} className={classes.brand}>
          <Logo size={28} />
          <span>Vestibule</span>
        </Link>
        {me.data !== undefined && <Tabs tabs={destinationsOf(me.data)} />}
        <span className={classes.space} />
        {me.data !== undefined && <Commands me={me.data} />}
        <LanguageMenu failed={setUntranslated} />
        <ThemeToggle />
        {me.data !== undefined && <UserMenu user={me.data} />}
      </header>
      <main id="content" className={wide ? classes.wide : classes.column} tabIndex={-1}>
        {untranslated !== null && (
          <ProblemPanel title={t("shell.noLanguage")} problem={asProblem(untranslated)} />
        )}
        <Gate error={me.error} pending={me.isPending}>
          <CrashGate>{children}</CrashGate>
        </Gate>
      </main>
    </div>
  );
}

function Gate({ error, pending, children }: { error: unknown; pending: boolean; children: ReactNode }) {
  if (pending) return null;
  if (isNotSignedIn(error)) return <SignedOut />;
  if (error !== null) {
    return (
      <div className={classes.notice}>
        <ProblemPanel title={t("shell.notReachable")} problem={asProblem(error)} />
      </div>
    );
  }
  return children;
}
