import { isFinal, type Isolation, type Session } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import { brief } from "../../ui/brief";
import { Facts, type Fact } from "../../ui/facts";

const ISOLATION: Record<Isolation, PlainKey> = { vm: "session.vm", container: "session.container" };

/** What is known of the session's machine. */
export function MachineFacts({ session }: { session: Session }) {
  const facts: Fact[] = [
    { name: t("session.vmId"), value: session.vm_id, copyable: true },
    { name: t("session.ipAddress"), value: session.vm_ip, copyable: true },
    { name: t("common.isolation"), value: isolationOf(session), copyable: false },
    { name: t("common.golden"), value: session.golden_id, copyable: true },
    {
      name: t("common.agentBuild"),
      value: session.agent_build,
      shown: session.agent_build === null ? null : brief(session.agent_build),
      copyable: true,
    },
    { name: t("common.session"), value: session.session_id, copyable: true },
  ];
  return <Facts facts={facts} unknown={isFinal(session.status) ? t("session.none") : t("session.notYet")} />;
}

function isolationOf({ isolation, driver }: Session): string | null {
  if (isolation === null) return null;
  const how = t(ISOLATION[isolation]);
  return driver === null || driver === isolation ? how : `${how} (${driver})`;
}
