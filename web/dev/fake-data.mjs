/** What `fake-server.mjs` tells: visibly fake values in the API's shapes. */

const START = Date.now() - 95_000;
export const at = (seconds) => new Date(START + seconds * 1000).toISOString();
const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();

export const GOLDEN = "g-5ca1ab1e0ddba115";
export const BUILD = "a-0123456789abcdef";

export const HOST = {
  version: "0.1.0",
  driver: "container",
  isolation: "container",
  why: "KVM did not pass its probe (the device opens, but a guest does not run), so machines are rootless containers: native speed, the host's kernel between you and them.",
  golden_id: GOLDEN,
  golden_ready: true,
  checks: [
    { name: "user namespaces", ok: true, detail: "allowed", fix: null, needed: true },
    {
      name: "kvm",
      ok: false,
      detail: "/dev/kvm opens, but a probe machine did not boot.",
      fix: "enable nested virtualisation in the outer hypervisor",
      needed: false,
    },
  ],
};

const DAY = 86_400;

export const credentialOf = (provider, more = {}) => ({
  credential_id: "c-fa11fa11fa11fa11",
  provider,
  account: "ada@example.test",
  expires_at: inSeconds(3.2 * 3600),
  usable_until: inSeconds(24 * DAY),
  expires_soon: false,
  doubt: null,
  scopes: [],
  sealed_at: at(-7200),
  session_id: "s-completed",
  custody: "sealed",
  holder: null,
  held_since: null,
  ...more,
});

const tool = (name, title, vendor, version, flows, description, more = {}) => ({
  name,
  title,
  vendor,
  version,
  flows,
  description,
  verified: true,
  unverified_because: null,
  notes: null,
  credential_files: [`~/.${name}/auth.json`],
  credential: null,
  open_session_id: null,
  ...more,
});

const untried = (name, title, vendor, flows, description) =>
  tool(name, title, vendor, "1.0.0", flows, description, {
    verified: false,
    unverified_because: `${title} is not in the registries that this file was written with, so nobody could sign in with it.`,
  });

/** As the API lists them: by their files' names. */
export const PROVIDERS = [
  untried("aider", "Aider", "Aider AI", ["device"], "Pair programming in the terminal."),
  untried("amp", "Amp", "Sourcegraph", ["paste", "loopback"], "Sourcegraph's coding agent."),
  tool(
    "claude-code",
    "Claude Code",
    "Anthropic",
    "2.1.330",
    ["loopback", "paste"],
    "Anthropic's coding agent, signed in with a Claude subscription.",
    {
      credential: credentialOf("claude-code", {
        custody: "checked_out",
        holder: "ci-runner-3",
        held_since: at(-600),
        scopes: ["user:inference", "user:profile", "user:sessions:claude_code"],
      }),
    },
  ),
  tool(
    "codex",
    "Codex",
    "OpenAI",
    "0.169.0",
    ["loopback", "device"],
    "OpenAI's coding agent for the terminal.",
    {
      open_session_id: "s-awaiting",
    },
  ),
  tool(
    "copilot",
    "GitHub Copilot CLI",
    "GitHub",
    "0.0.360",
    ["device"],
    "GitHub's coding agent, signed in with a GitHub account that has Copilot.",
    {
      credential: credentialOf("copilot", {
        credential_id: "c-0ld0ld0ld0ld0ld0",
        account: "ada",
        expires_at: null,
        usable_until: inSeconds(1.4 * DAY),
        expires_soon: true,
        custody: "returned",
      }),
    },
  ),
  tool(
    "demo",
    "Demo",
    "Vestibule",
    "0.1.0",
    ["loopback", "paste", "device"],
    "A small tool and sign-in server of our own: carries a whole sign-in through, without the internet.",
  ),
  tool("gemini-cli", "Gemini CLI", "Google", "0.61.0", ["loopback", "paste"], "Google's coding agent.", {
    notes: "Individuals are being moved to Antigravity.",
    credential: credentialOf("gemini-cli", {
      credential_id: "c-01d01d01d01d01d0",
      account: null,
      expires_at: inSeconds(-7400),
      usable_until: inSeconds(-2.5 * DAY),
      expires_soon: true,
      session_id: "s-gone",
    }),
  }),
  tool("gh", "GitHub CLI", "GitHub", "2.81.0", ["device"], "GitHub on the command line."),
  tool("opencode", "opencode", "SST", "1.0.85", ["paste", "loopback"], "An open-source coding agent.", {
    credential: credentialOf("opencode", {
      credential_id: "c-0dd0dd0dd0dd0dd0",
      account: null,
      expires_at: inSeconds(-600),
      usable_until: null,
      doubt: `It ran out at ${at(-5000)} while ci-runner-3 held it, and came back unchanged: ci-runner-3 has probably refreshed it, and what is kept works no more.`,
    }),
  }),
  untried("qwen-code", "Qwen Code", "Alibaba", ["device"], "Alibaba's coding agent for the terminal."),
];

/** One that the newer sign-in with the same account has replaced. */
export const REPLACED = credentialOf("claude-code", {
  credential_id: "c-0a0a0a0a0a0a0a0a",
  session_id: "s-gone",
  usable_until: inSeconds(-DAY),
  expires_soon: true,
  custody: "returned",
  scopes: ["user:inference"],
  sealed_at: at(-30 * DAY),
});

export const BEGINNINGS = [
  { session_id: "s-completed", created_at: at(-7300) },
  { session_id: "s-gone", created_at: at(-30 * DAY) },
];

export const HISTORY = [
  { custody: "sealed", holder: null, at: at(-7200) },
  { custody: "checked_out", holder: "laptop", at: at(-5400) },
  { custody: "returned", holder: "laptop", at: at(-3600) },
  { custody: "checked_out", holder: "ci-runner-3", at: at(-600) },
];

export const EXPORTED = {
  credential_id: "c-fa11fa11fa11fa11",
  provider: "claude-code",
  files: [{ path: "~/.claude/.credentials.json", mode: 0o600, content: "dmlzaWJseS1mYWtl" }],
};

const STAGES = {
  started: 0,
  vm_created: 0.41,
  ready: 1.12,
  awaiting_user_auth: 2.87,
  authenticating: 41.2,
  completed: 43.05,
};
const ORDER = Object.keys(STAGES);
const ENDS = ["failed", "timeout", "cancelled"];

const QUESTION = `The tool shows no sign-in address and waits; it may be asking something. Answer it in the desktop's terminal. On its screen:
 Do you trust the files in this folder?

 /home/person/work

 ● 1. Yes, and remember this folder for every later run
   2. Yes
   3. No (esc)`;

/** Story → the state it is in, and what is special about it. */
const TOLD = {
  awaiting: { status: "awaiting_user_auth" },
  early: { status: "vm_created", flow: "paste", provider: "claude-code" },
  paste: { status: "awaiting_user_auth", flow: "paste", provider: "claude-code", code_asked: true },
  refused: {
    status: "awaiting_user_auth",
    flow: "paste",
    provider: "claude-code",
    code_asked: true,
    notices: [
      {
        code: "page_unreachable",
        text: "The sign-in page cannot load: this host has no internet.",
        at: at(4),
      },
      { code: "tool_error", text: "The tool says: OAuth error: Invalid code", at: at(31) },
    ],
  },
  device: { status: "awaiting_user_auth", flow: "device", user_code: "WDJB-MJHT", provider: "codex" },
  queued: {
    status: "started",
    provider: "codex",
    queue_place: 3,
    queue_reason: "16 of 16 machines run; the next one that ends makes room.",
  },
  watched: { status: "awaiting_user_auth", watchers: 2 },
  asking: {
    status: "ready",
    provider: "gemini-cli",
    notices: [{ code: "tool_waits", text: QUESTION, at: at(9) }],
  },
};

export const STORIES = [...ORDER, ...ENDS, ...Object.keys(TOLD)];

function reached(status) {
  return ENDS.includes(status) ? ORDER.slice(0, 2) : ORDER.slice(0, ORDER.indexOf(status) + 1);
}

/** As `allowed_actions` of the controller. */
const ALWAYS = ["cancel", "heartbeat"];
const SHOWN = [...ALWAYS, "view", "open_url", "paste", "share"];
const ACTIONS = {
  started: ALWAYS,
  vm_created: [...ALWAYS, "view"],
  ready: SHOWN,
  awaiting_user_auth: SHOWN,
  authenticating: SHOWN,
  completed: [],
};

const FAILURE = {
  code: "agent_build_mismatch",
  cause:
    "The machine's agent reported build a-00000000deadbeef, but this controller needs a-0123456789abcdef; the machine was not shown.",
  remedy: "Build the golden again, then try again: vestibule golden build",
  stage: "vm_created",
  retryable: true,
  golden_id: GOLDEN,
  agent_build: BUILD,
  evidence: {
    screenshot: "/var/lib/vestibule/evidence/vm-0d15ea5e0d15ea5e/screenshot.png",
    health: '{\n  "status": "ok",\n  "agent_build": "a-00000000deadbeef"\n}',
    console:
      "[    0.000000] Linux version 6.12.48\n[    0.312204] overlayfs: upper fs is tmpfs\nagent: hand-over accepted: 192.168.100.7",
  },
};

export function sessionIn(story, id, wanted, wantedFlow) {
  const { status, ...special } = TOLD[story] ?? { status: story };
  const name = wanted ?? special.provider ?? "demo";
  const provider = PROVIDERS.find((each) => each.name === name);
  const past = reached(status);
  const made = past.includes("vm_created");
  const page = past.includes("awaiting_user_auth");
  const final = ENDS.includes(status) || status === "completed";
  return {
    session_id: id,
    user_id: "u-0011223344556677",
    provider: name,
    provider_title: provider.title,
    flow: wantedFlow ?? special.flow ?? provider.flows[0],
    status,
    driver: made ? "container" : null,
    isolation: made ? "container" : null,
    browser_vm_id: made ? "vm-0d15ea5e0d15ea5e" : null,
    vm_id: made ? "vm-0d15ea5e0d15ea5e" : null,
    vm_ip: made ? "192.168.100.7" : null,
    vnc_url: null,
    vnc_websocket: null,
    auth_url: page
      ? "https://login.demo.test/oauth/authorize?client_id=demo-cli&code_challenge=Zm9vYmFy&code_challenge_method=S256&redirect_uri=http%3A%2F%2F127.0.0.1%3A34567%2Fcallback"
      : null,
    user_code: page ? (special.user_code ?? null) : null,
    code_asked: special.code_asked ?? false,
    page_title: page ? "Demo: sign in" : null,
    golden_id: made ? GOLDEN : null,
    agent_build: past.includes("ready") ? BUILD : null,
    credential_id: status === "completed" ? "c-fa11fa11fa11fa11" : null,
    failure: status === "failed" ? FAILURE : null,
    notices: special.notices ?? [],
    stages: [...past, ...(ENDS.includes(status) ? [status] : [])].map((each) => ({
      status: each,
      at: at(STAGES[each] ?? 12.4),
    })),
    actions: ACTIONS[status] ?? ["retry"],
    deadline_at: final ? null : inSeconds(812),
    created_at: at(0),
    completed_at: final ? at(43.05) : null,
    first_frame_ms: past.includes("ready") ? 930 : null,
    queue_place: special.queue_place ?? null,
    queue_reason: special.queue_reason ?? null,
    watchers: special.watchers ?? 0,
  };
}

/** The id of the provider's open session, of those whose id begins so. */
export function openIn(sessions, provider, prefix = "s-run") {
  for (const session of sessions.values())
    if (
      session.provider === provider &&
      session.session_id.startsWith(prefix) &&
      session.deadline_at !== null
    )
      return session.session_id;
  return undefined;
}

/** How a view link's WebSocket ends, by the link's token; of any other it is good. */
export const LINK_ENDS = {
  revoked: [4410, "view_link_revoked"],
  expired: [4410, "view_link_expired"],
  over: [4410, "session_over"],
  unknown: [4401, "view_link_unknown"],
  crowd: [4429, "too_many_viewers"],
};

export const WATCHED = { tool: "Demo", status: "awaiting_user_auth", expires_at: inSeconds(700) };

export const linkOf = (session_id, number) => ({
  link_id: `l-${String(number).padStart(16, "0")}`,
  session_id,
  created_at: at(60),
  expires_at: inSeconds(700),
  ended_at: null,
  end: null,
});
