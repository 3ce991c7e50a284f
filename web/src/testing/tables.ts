/** Tables for tests: pages of a few rows. */

import type {
  AuditEvent,
  CredentialListed,
  Machine,
  MachineListed,
  SessionListed,
  TablePage,
} from "../api/types";
import { instant } from "./sessions";

export const pageWith = <Row>(rows: Row[], special: Partial<TablePage<Row>> = {}): TablePage<Row> => ({
  total: rows.length,
  bounded: false,
  of_everybody: true,
  facets: {},
  rows,
  ...special,
});

export const machineListed = (special: Partial<MachineListed> = {}): MachineListed => ({
  vm_id: "vm-1",
  owner: "ada",
  session_id: "s-1",
  status: "running",
  paused: false,
  driver: "container",
  isolation: "container",
  golden_id: "g-1",
  host: "here",
  vm_ip: "192.168.100.7",
  error_code: null,
  error_cause: null,
  created_at: instant(0),
  running_at: instant(1),
  ended_at: null,
  ...special,
});

export const machineWith = (special: Partial<Machine> = {}): Machine => ({
  vm_id: "vm-1",
  session_id: "s-1",
  type: "browser",
  driver: "container",
  isolation: "container",
  status: "running",
  paused: false,
  warmth: null,
  vm_ip: "192.168.100.7",
  golden_id: "g-1",
  agent_build: "8a1777be1ab09f946b1e78a4f33b9de7",
  host: "here",
  pid: 4711,
  error_code: null,
  error_cause: null,
  failure: null,
  created_at: instant(0),
  running_at: instant(1),
  ended_at: null,
  golden: null,
  ...special,
});

export const sessionListed = (special: Partial<SessionListed> = {}): SessionListed => ({
  session_id: "s-1",
  owner: "ada",
  provider: "demo",
  status: "completed",
  driver: "container",
  vm_id: "vm-1",
  golden_id: "g-1",
  error_code: null,
  error_cause: null,
  error_remedy: null,
  created_at: instant(0),
  completed_at: instant(30),
  ...special,
});

export const credentialListed = (special: Partial<CredentialListed> = {}): CredentialListed => ({
  credential_id: "c-1",
  owner: "ada",
  session_id: "s-1",
  provider: "demo",
  account: "ada@example.test",
  custody: "sealed",
  holder: null,
  held_since: null,
  sealed_at: instant(0),
  login_expires_at: null,
  doubt: null,
  ...special,
});

export const auditEvent = (special: Partial<AuditEvent> = {}): AuditEvent => ({
  number: 1,
  at: instant(0),
  action: "credential_exported",
  actor_id: "u-1",
  actor: "ada",
  address: "192.0.2.17",
  subject: "c-1",
  outcome: "done",
  code: null,
  detail: "demo",
  ...special,
});
