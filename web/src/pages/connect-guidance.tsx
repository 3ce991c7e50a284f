import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "wouter";

import { goldensQuery, useGoldensEvents } from "../api/golden-queries";
import { hostQuery } from "../api/queries";
import type { Host, Provider } from "../api/types";
import { FirstSteps } from "../components/connect/first-steps";
import { GoldenComing } from "../components/connect/golden-coming";
import { t } from "../i18n";
import { PATHS } from "./paths";

/** What stands between a person and their first sign-in, if anything does. */
export function ConnectGuidance({ host, providers }: { host: Host; providers: readonly Provider[] }) {
  if (!host.golden_ready) return <Coming />;
  const fresh = providers.every(
    ({ credential, open_session_id: open }) => credential === null && open === null,
  );
  return fresh && providers.length > 0 ? <FirstSteps /> : null;
}

/** Goes by itself when the golden is there: the host is asked again with every news of it. */
function Coming() {
  const goldens = useQuery(goldensQuery).data;
  const host = useQuery(hostQuery);
  useGoldensEvents();
  const { refetch } = host;
  const promoted = goldens?.promoted ?? null;
  useEffect(() => {
    if (promoted !== null) void refetch();
  }, [promoted, refetch]);
  return <GoldenComing goldens={goldens} link={<Link href={PATHS.goldens}>{t("connect.toGoldens")}</Link>} />;
}
