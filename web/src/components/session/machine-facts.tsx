import { isFinal, type Session } from "../../api/types";
import { t } from "../../i18n";
import { brief } from "../../ui/brief";
import { Facts, type Fact } from "../../ui/facts";
import { day } from "../../ui/time";
import { isolationWords } from "../machines/machine-words";

/** What is known of the session's machine. */
export function MachineFacts({ session }: { session: Session }) {
  const facts: Fact[] = [
    {
      name: t("session.started"),
      value: startedAt(session),
      shown: mapped(startedAt(session), day),
      copyable: false,
    },
    { name: t("session.vmId"), value: session.vm_id, copyable: true },
    { name: t("session.ipAddress"), value: session.vm_ip, copyable: true },
    {
      name: t("common.isolation"),
      value:
        session.isolation === null
          ? null
          : isolationWords({ isolation: session.isolation, driver: session.driver }),
      copyable: false,
    },
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

/** When its machine ran; before that there is none. */
const startedAt = ({ stages }: Session): string | null =>
  stages.find(({ status }) => status === "vm_created")?.at ?? null;

const mapped = (value: string | null, shown: (value: string) => string): string | null =>
  value === null ? null : shown(value);
