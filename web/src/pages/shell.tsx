import { useQuery } from "@tanstack/react-query";
import {
  IconAdjustments,
  IconBox,
  IconHeartbeat,
  IconKey,
  IconLogin2,
  IconPlugConnected,
  IconShieldCheck,
  IconStack2,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "wouter";

import { asProblem, isNotSignedIn } from "../api/problem";
import { meQuery } from "../api/queries";
import { t } from "../i18n";
import { LanguageMenu } from "../ui/language-menu";
import { Logo } from "../ui/logo";
import { ProblemPanel } from "../ui/problem-panel";
import { ThemeToggle } from "../ui/theme-toggle";
import { PATHS } from "./paths";
import classes from "./shell.module.css";
import { SignedOut } from "./signed-out";
import { Tabs, type Tab } from "./tabs";
import { UserMenu } from "./user-menu";

/** Those that a person needs most come first: a narrow window has the others in a menu. */
const TABS: readonly Tab[] = [
  { path: PATHS.connect, name: "shell.connect", Icon: IconPlugConnected },
  { path: PATHS.sessions, name: "shell.sessions", Icon: IconLogin2 },
  { path: PATHS.machines, name: "shell.machines", Icon: IconBox },
  { path: PATHS.credentials, name: "shell.credentials", Icon: IconKey },
  { path: PATHS.goldens, name: "shell.goldens", Icon: IconStack2 },
  { path: PATHS.health, name: "shell.health", Icon: IconHeartbeat },
];
const OPERATORS_TABS: readonly Tab[] = [
  { path: PATHS.audit, name: "shell.audit", Icon: IconShieldCheck },
  { path: PATHS.settings, name: "shell.settings", Icon: IconAdjustments },
];

/** The frame of every page but the sign-in: who you are, where you can go. */
export function Shell({ wide, children }: { wide: boolean; children: ReactNode }) {
  const me = useQuery(meQuery);
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
        {me.data !== undefined && <Tabs tabs={me.data.operator ? [...TABS, ...OPERATORS_TABS] : TABS} />}
        <span className={classes.space} />
        <LanguageMenu />
        <ThemeToggle />
        {me.data !== undefined && <UserMenu user={me.data} />}
      </header>
      <main id="content" className={wide ? classes.wide : classes.column} tabIndex={-1}>
        <Gate error={me.error} pending={me.isPending}>
          {children}
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
