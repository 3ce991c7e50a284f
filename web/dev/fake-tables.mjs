/** What `fake-server.mjs` tells of tables, settings, logs and charts; TABLES names the story: full (default), none. */

import { at, BUILD, GOLDEN, sessionIn } from "./fake-data.mjs";
import { timelineOf } from "./fake-timeline.mjs";

const NONE = process.env.TABLES === "none";
const OLD = "g-0ddba11c0ffee000";
const OWNERS = ["ada", "grace", "linus"];
const PROVIDERS = ["claude-code", "codex", "gemini-cli", "demo"];
const GIB = 1024 ** 3;
const hex = (number, prefix) =>
  `${prefix}-${(0xca11ab1e0000 + number * 7919).toString(16).padStart(16, "0")}`;
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const pick = (list, number) => list[number % list.length];
const many = (count, make) => (NONE ? [] : Array.from({ length: count }, (_, number) => make(number)));

const FAILED = {
  error_code: "agent_unreachable",
  error_cause: "The machine's agent has answered nothing for 8 s.",
  error_remedy: "Try again; its console is kept in the evidence folder of this machine.",
};
const WELL = { error_code: null, error_cause: null, error_remedy: null };

const statusOf = (number) => (number < 2 ? "running" : number % 7 === 3 ? "failed" : "destroyed");

const machines = many(63, (number) => {
  const status = statusOf(number);
  const { error_code, error_cause } = status === "failed" ? FAILED : WELL;
  const begun = 240 + number * 1900;
  return {
    vm_id: hex(number, "vm"),
    owner: pick(OWNERS, number),
    session_id: number % 9 === 1 ? null : hex(number, "s"),
    status,
    paused: number === 1,
    driver: number % 4 === 2 ? "qemu" : "container",
    isolation: number % 4 === 2 ? "vm" : "container",
    golden_id: number > 40 ? OLD : GOLDEN,
    host: "workshop",
    vm_ip: `192.168.100.${number + 2}`,
    error_code,
    error_cause,
    created_at: ago(begun),
    running_at: ago(begun - 1),
    ended_at: status === "running" ? null : ago(begun - 60 - number),
  };
});

const sessions = many(63, (number) => {
  const machine = machines[number];
  const ended = ["completed", "cancelled", "completed", "timeout"];
  const status =
    machine.status === "failed"
      ? "failed"
      : machine.status === "running"
        ? "awaiting_user_auth"
        : pick(ended, number);
  return {
    session_id: hex(number, "s"),
    owner: machine.owner,
    provider: pick(PROVIDERS, number),
    status,
    driver: machine.driver,
    vm_id: machine.vm_id,
    golden_id: machine.golden_id,
    ...(status === "failed" ? FAILED : WELL),
    created_at: machine.created_at,
    completed_at: machine.ended_at,
  };
});

const credentials = many(31, (number) => ({
  credential_id: hex(number, "c"),
  owner: pick(OWNERS, number),
  session_id: hex(number, "s"),
  provider: pick(PROVIDERS, number),
  account: number % 5 === 4 ? null : `${pick(OWNERS, number)}@example.test`,
  custody: pick(["sealed", "checked_out", "returned", "sealed", "revoked"], number),
  holder: number % 5 === 1 ? "ci-runner-3" : null,
  held_since: number % 5 === 1 ? ago(3000) : null,
  sealed_at: ago(4000 + number * 9000),
  login_expires_at: number % 3 === 0 ? ago(-86_400 * (number + 1)) : null,
  doubt: number === 2 ? "It ran out while ci-runner-3 held it, and came back as it was." : null,
}));

const DEEDS = [
  ["credential_exported", (number) => hex(number, "c"), "codex"],
  ["sign_in_started", (number) => hex(number, "s"), "claude-code"],
  ["machine_destroyed", (number) => hex(number, "vm"), ""],
  ["credential_checked_out", (number) => hex(number, "c"), "ci-runner-3"],
  ["golden_promoted", () => GOLDEN, "its canary passed"],
  ["sign_in_link_made", () => "grace", ""],
  ["operator_asked", () => "POST /api/goldens/rollback", ""],
  ["credential_sealed", (number) => hex(number, "c"), "gemini-cli"],
];
const audit = many(140, (number) => {
  const [action, subject, detail] = pick(DEEDS, number);
  const nobody = action === "machine_destroyed" || action === "golden_promoted";
  const refused = action === "operator_asked" || number % 24 === 3;
  return {
    number: 140 - number,
    at: ago(60 + number * 1370),
    action,
    actor_id: nobody ? null : "u-0011223344556677",
    actor: nobody ? null : pick(OWNERS, number),
    address: nobody || action === "credential_sealed" ? null : pick(["127.0.0.1", "192.0.2.17"], number),
    subject: subject(number),
    outcome: refused ? "refused" : "done",
    code: refused ? (action === "operator_asked" ? "operator_only" : "credential_checked_out") : null,
    detail,
  };
});

const TABLES = {
  machines: { rows: machines, sort: "created_at", facets: ["status", "driver", "golden_id", "owner"] },
  sessions: { rows: sessions, sort: "created_at", facets: ["status", "provider", "error_code", "owner"] },
  credentials: { rows: credentials, sort: "sealed_at", facets: ["custody", "provider", "owner"] },
  audit: { rows: audit, sort: "at", facets: ["action", "outcome", "actor"] },
};

/** A page of a table; null: there is no such table, or it cannot be sorted so. */
export function pageOf(name, search) {
  const table = TABLES[name];
  const sort = search.get("sort") ?? table?.sort;
  if (table === undefined || (table.rows.length > 0 && !(sort in table.rows[0]))) return null;
  const but = (facet) => (row) =>
    table.facets.every((each) => {
      const chosen = each === facet ? [] : search.getAll(each);
      return chosen.length === 0 || chosen.includes(row[each]);
    });
  const text = (search.get("q") ?? "").toLowerCase();
  const found = table.rows.filter(
    (row) =>
      Object.values(row).join(" ").toLowerCase().includes(text) &&
      between(row.at ?? row.created_at ?? row.sealed_at, search),
  );
  const ascending = search.get("order") === "asc" ? 1 : -1;
  const rows = found
    .filter(but(null))
    .sort((one, other) => ascending * String(one[sort]).localeCompare(String(other[sort])));
  const offset = Number(search.get("offset") ?? 0);
  return {
    total: rows.length,
    of_everybody: process.env.OPERATOR !== "no",
    facets: Object.fromEntries(
      table.facets.map((each) => [each, choices(found.filter(but(each)).map((row) => row[each]))]),
    ),
    rows: rows.slice(offset, offset + Number(search.get("limit") ?? 25)),
  };
}

function between(moment, search) {
  const [since, until] = [search.get("since"), search.get("until")];
  return (since === null || moment >= since) && (until === null || moment < until);
}

function choices(values) {
  const counts = new Map();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((one, other) => other.count - one.count);
}

const failureOf = (row, stage) =>
  row.error_code === null
    ? null
    : {
        code: row.error_code,
        cause: row.error_cause,
        remedy: FAILED.error_remedy,
        stage,
        evidence: { exit: "signal 9", console: "kernel: Out of memory: Killed process 214 (chromium)" },
        retryable: true,
        golden_id: row.golden_id,
        agent_build: BUILD,
      };

export function machineOf(id) {
  const row = machines.find(({ vm_id }) => vm_id === id);
  if (row === undefined) return undefined;
  return {
    ...Object.fromEntries(Object.entries(row).filter(([name]) => name !== "owner")),
    type: "browser",
    agent_build: BUILD,
    pid: row.status === "running" ? 4711 : null,
    failure: failureOf(row, "running"),
    golden: {
      golden_id: row.golden_id,
      agent_build: BUILD,
      built_at: at(0),
      signed_by: "a key",
      signature: "holds",
    },
  };
}

export function sessionDetailOf(id) {
  const session = sessions.find(({ session_id }) => session_id === id);
  if (session === undefined) return undefined;
  const { stages } = sessionIn(session.status, id);
  return { session, failure: failureOf(session, "ready"), stages };
}

export const timelineOfMachine = (id) =>
  timelineOf(sessionIn(machineOf(id).status === "running" ? "awaiting_user_auth" : "completed", id));

const LINES = [
  "systemd[1]: Reached target basic.target - Basic System.",
  "vestibule-desktop: X server is up at 1280x800",
  "vestibule-agent: identity taken: vm, address 192.168.100.4",
  "vestibule-agent: checks passed: proxy, desktop, browser, tool",
  'kernel: audit: type=1400 apparmor="DENIED" operation="open" profile="chromium"',
  "vestibule-agent: login started: claude-code, paste",
  "vestibule-agent: warning: the tool asks a question that nobody foresaw",
];

export const LOGS = [
  { name: "agent.log", size_bytes: 4096 },
  { name: "console.log", size_bytes: 18_213 },
];

/** Line by line, as a machine writes it. */
export function logTail(count, ended) {
  const lines = Array.from(
    { length: count },
    (_, number) => `[${(number * 0.37).toFixed(2).padStart(8)}] ${pick(LINES, number)}`,
  );
  return { text: `${lines.join("\n")}\n`, whole: count < 60, ended };
}

const setting = (name, value, usual, source, group, text, more = {}) => ({
  name,
  variable: name.startsWith("VESTIBULE_") ? name : `VESTIBULE_${name.toUpperCase()}`,
  group,
  value,
  default: usual,
  source,
  secret: false,
  is_set: value !== null,
  text,
  ...more,
});
const HIDDEN = { secret: true, value: null, default: null };

export const SETTINGS = {
  file: "/etc/vestibule/vestibule.toml",
  settings: [
    setting(
      "state_dir",
      "/var/lib/vestibule",
      "/var/lib/vestibule",
      "default",
      "controller",
      "Database, keys, evidence (logs of ended machines). Root: /var/lib/vestibule.",
    ),
    setting("port", "4711", "4000", "environment", "controller", "Port that the controller listens on."),
    setting(
      "public_url",
      null,
      null,
      "default",
      "controller",
      "Origin that people use, when a proxy stands before the controller; unset: the origin of the request.",
    ),
    setting(
      "webhook_url",
      null,
      null,
      "file",
      "controller",
      "Where warnings are posted to, as JSON; unset: nowhere.",
      { ...HIDDEN, is_set: true },
    ),
    setting(
      "golden_drivers",
      "container, qemu",
      null,
      "file",
      "controller",
      'Drivers that goldens are made and tried for besides the host\'s own choice, e.g. `["qemu"]` where machines are asked for by driver.',
    ),
    setting("max_machines", "32", "16", "file", "room", "Live machines at a time."),
    setting(
      "idle_pause_s",
      "120",
      "120",
      "default",
      "room",
      "A machine that waits for its person is paused when nobody has looked at it for so long; 0: never.",
    ),
    setting(
      "url_timeout_s",
      "300",
      "300",
      "default",
      "deadlines",
      "A tool must show its sign-in address within this time of its start.",
    ),
    setting(
      "VESTIBULE_CONFIG",
      "/etc/vestibule/vestibule.toml",
      null,
      "environment",
      "environment",
      "path of the TOML file with settings",
    ),
    setting(
      "VESTIBULE_VAULT_KEY",
      null,
      null,
      "default",
      "environment",
      "master key of the vault, where `vault_key_source` is `env`",
      HIDDEN,
    ),
  ],
};

export function startsOf(days) {
  const times = (golden_id, driver, p50_s, p99_s, counts) => ({
    golden_id,
    driver,
    newest_at: ago(600),
    p50_s,
    p99_s,
    counts,
  });
  return {
    days,
    of_everybody: process.env.OPERATOR !== "no",
    bounds_s: [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64],
    goldens: NONE
      ? []
      : [
          times(GOLDEN, "container", 0.92, 3.4, [0, 4, 61, 32, 6, 0, 0, 0, 0, 0]),
          times(GOLDEN, "qemu", 2.3, 11.8, [0, 0, 1, 8, 14, 5, 1, 0, 0, 0]),
          times(OLD, "container", 1.31, 7.9, [0, 0, 12, 40, 9, 3, 0, 0, 0, 0]),
        ],
  };
}

export const hostHistory = () => ({
  host: "workshop",
  every_s: 15,
  samples: many(240, (number) => ({
    at: ago((240 - number) * 15),
    cpu_busy: Math.min(1, 0.18 + 0.14 * Math.sin(number / 11) ** 2 + (number % 60 < 9 ? 0.55 : 0)),
    mem_used_bytes: (3.1 + 0.9 * Math.sin(number / 37) + (number % 60 < 20 ? 0.6 : 0)) * GIB,
    mem_total_bytes: 7.8 * GIB,
    machines: 2,
  })),
});
