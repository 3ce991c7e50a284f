import { useQuery } from "@tanstack/react-query";
import { IconBox, IconHeartbeat, IconKey, IconPlugConnected, IconStack2 } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";

import { asProblem, isNotSignedIn } from "../api/problem";
import { meQuery } from "../api/queries";
import { Logo } from "../ui/logo";
import { ProblemPanel } from "../ui/problem-panel";
import { ThemeToggle } from "../ui/theme-toggle";
import { PATHS } from "./paths";
import classes from "./shell.module.css";
import { SignedOut } from "./signed-out";
import { UserMenu } from "./user-menu";

const TABS = [
  { path: PATHS.connect, name: "Connect", Icon: IconPlugConnected },
  { path: PATHS.machines, name: "Machines", Icon: IconBox },
  { path: PATHS.goldens, name: "Goldens", Icon: IconStack2 },
  { path: PATHS.credentials, name: "Credentials", Icon: IconKey },
  { path: PATHS.health, name: "Health", Icon: IconHeartbeat },
] as const;

/** The frame of every page but the sign-in: who you are, where you can go. */
export function Shell({ wide, children }: { wide: boolean; children: ReactNode }) {
  const me = useQuery(meQuery);
  return (
    <div className={classes.shell}>
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <header className={classes.header}>
        <Link href={PATHS.connect} className={classes.brand}>
          <Logo size={28} />
          <span>Vestibule</span>
        </Link>
        {me.data !== undefined && <Tabs />}
        <span className={classes.space} />
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
        <ProblemPanel title="Vestibule is not reachable" problem={asProblem(error)} />
      </div>
    );
  }
  return children;
}

function Tabs() {
  const [location] = useLocation();
  return (
    <nav className={classes.tabs} aria-label="Pages">
      {TABS.map(({ path, name, Icon }) => (
        <Link
          key={path}
          href={path}
          className={classes.tab}
          aria-current={location.startsWith(path) ? "page" : undefined}
        >
          <Icon size={18} aria-hidden="true" />
          <span>{name}</span>
        </Link>
      ))}
    </nav>
  );
}
