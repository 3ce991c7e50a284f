/** Pages that the first one does not need: each is loaded when somebody goes there. */

import { Skeleton } from "@mantine/core";
import { lazy, Suspense, type ReactNode } from "react";

export const AllCredentialsPage = lazy(async () => {
  const { AllCredentialsPage: page } = await import("./all-credentials-page");
  return { default: page };
});
export const AuditPage = lazy(async () => {
  const { AuditPage: page } = await import("./audit-page");
  return { default: page };
});
export const CredentialsPage = lazy(async () => {
  const { CredentialsPage: page } = await import("./credentials-page");
  return { default: page };
});
export const GoldensPage = lazy(async () => {
  const { GoldensPage: page } = await import("./goldens-page");
  return { default: page };
});
export const HealthPage = lazy(async () => {
  const { HealthPage: page } = await import("./health-page");
  return { default: page };
});
export const MachinesPage = lazy(async () => {
  const { MachinesPage: page } = await import("./machines-page");
  return { default: page };
});
export const SessionsPage = lazy(async () => {
  const { SessionsPage: page } = await import("./sessions-page");
  return { default: page };
});
const sessionPage = () => import("./session-page");
export const SessionPage = lazy(async () => ({ default: (await sessionPage()).SessionPage }));
export const SettingsPage = lazy(async () => {
  const { SettingsPage: page } = await import("./settings-page");
  return { default: page };
});

export const WatchPage = lazy(async () => {
  const { WatchPage: page } = await import("./watch-page");
  return { default: page };
});

/** Loads it now; whoever goes there meets it loaded, or is told why it cannot be. */
export function loadSessionPage(): void {
  sessionPage().catch(() => undefined);
}

/** What stands in a page's place until it is there. */
export function Late({ children }: { children: ReactNode }) {
  return <Suspense fallback={<Skeleton height={420} radius="lg" />}>{children}</Suspense>;
}
