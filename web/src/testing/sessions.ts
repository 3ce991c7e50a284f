/** Sessions for tests, in any state, with what the controller would have filled in by then. */

import type { SessionStatus } from "../api/types";
import type { Session } from "../api/types";
import { ORDER } from "../components/session/rail";

const START = Date.UTC(2026, 10, 3, 14, 5, 0);

export const instant = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

/** A demo session in `status`; open ones have come there step by step, one second each. */
export function sessionIn(status: SessionStatus, special: Partial<Session> = {}): Session {
  const reached = ORDER.slice(0, Math.max(1, (ORDER as readonly string[]).indexOf(status) + 1));
  const made = reached.includes("vm_created");
  const page = reached.includes("awaiting_user_auth");
  return {
    session_id: "s-1",
    user_id: "u-1",
    provider: "demo",
    provider_title: "Demo",
    flow: "loopback",
    status,
    queue_place: null,
    queue_reason: null,
    driver: made ? "container" : null,
    isolation: made ? "container" : null,
    browser_vm_id: made ? "vm-1" : null,
    vm_id: made ? "vm-1" : null,
    vm_ip: made ? "192.168.100.7" : null,
    vnc_url: null,
    vnc_websocket: null,
    auth_url: page ? "https://login.demo.test/authorize?x=1" : null,
    user_code: null,
    code_asked: false,
    page_title: null,
    golden_id: "g-1",
    agent_build: null,
    credential_id: status === "completed" ? "c-1" : null,
    failure: null,
    notices: [],
    stages: reached.map((each, index) => ({ status: each, at: instant(index) })),
    actions: ["cancel", "heartbeat"],
    deadline_at: instant(900),
    created_at: instant(0),
    completed_at: null,
    first_frame_ms: null,
    watchers: 0,
    ...special,
  };
}
