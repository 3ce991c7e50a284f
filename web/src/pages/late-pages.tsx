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
export const SettingsPage = lazy(async () => {
  const { SettingsPage: page } = await import("./settings-page");
  return { default: page };
});

/** What stands in a page's place until it is there. */
export function Late({ children }: { children: ReactNode }) {
  return <Suspense fallback={<Skeleton height={420} radius="lg" />}>{children}</Suspense>;
}
