import { isFinal, type Isolation, type Session } from "../../api/types";
import { brief } from "../../ui/brief";
import { Facts, type Fact } from "../../ui/facts";

const ISOLATION: Record<Isolation, string> = { vm: "virtual machine", container: "container" };

/** What is known of the session's machine. */
export function MachineFacts({ session }: { session: Session }) {
  const facts: Fact[] = [
    { name: "VM id", value: session.vm_id, copyable: true },
    { name: "IP address", value: session.vm_ip, copyable: true },
    { name: "Isolation", value: isolationOf(session), copyable: false },
    { name: "Golden", value: session.golden_id, copyable: true },
    {
      name: "Agent build",
      value: session.agent_build,
      shown: session.agent_build === null ? null : brief(session.agent_build),
      copyable: true,
    },
    { name: "Session", value: session.session_id, copyable: true },
  ];
  return <Facts facts={facts} unknown={isFinal(session.status) ? "none" : "not yet"} />;
}

function isolationOf({ isolation, driver }: Session): string | null {
  if (isolation === null) return null;
  const how = ISOLATION[isolation];
  return driver === null || driver === isolation ? how : `${how} (${driver})`;
}
