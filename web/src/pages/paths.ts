/** The dashboard's addresses, once. */

export const PATHS = {
  signIn: "/sign-in",
  watch: "/watch",
  connect: "/dashboard/remote-cli",
  session: "/dashboard/remote-cli/session/:id",
  sessions: "/dashboard/sessions",
  listedSession: "/dashboard/sessions/:id",
  machines: "/dashboard/machines",
  machine: "/dashboard/machines/:id",
  goldens: "/dashboard/goldens",
  golden: "/dashboard/goldens/:id",
  credentials: "/dashboard/credentials",
  allCredentials: "/dashboard/credentials/all",
  health: "/dashboard/health",
  audit: "/dashboard/audit",
  settings: "/dashboard/settings",
} as const;

export const sessionPath = (id: string): string => PATHS.session.replace(":id", encodeURIComponent(id));

export const goldenPath = (id: string): string => PATHS.golden.replace(":id", encodeURIComponent(id));

export const machinePath = (id: string): string => PATHS.machine.replace(":id", encodeURIComponent(id));

export const listedSessionPath = (id: string): string =>
  PATHS.listedSession.replace(":id", encodeURIComponent(id));

/** Where more is told of something with an id; null: nowhere. */
export function pathOf(id: string): string | null {
  if (id.startsWith("vm-")) return machinePath(id);
  if (id.startsWith("s-")) return listedSessionPath(id);
  return id.startsWith("g-") ? goldenPath(id) : null;
}
