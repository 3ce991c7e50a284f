/** The dashboard's addresses, once. */

export const PATHS = {
  signIn: "/sign-in",
  connect: "/dashboard/remote-cli",
  session: "/dashboard/remote-cli/session/:id",
  machines: "/dashboard/machines",
  goldens: "/dashboard/goldens",
  golden: "/dashboard/goldens/:id",
  credentials: "/dashboard/credentials",
  health: "/dashboard/health",
} as const;

export const sessionPath = (id: string): string => PATHS.session.replace(":id", encodeURIComponent(id));

export const goldenPath = (id: string): string => PATHS.golden.replace(":id", encodeURIComponent(id));
