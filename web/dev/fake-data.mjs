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

export const credentialOf = (provider) => ({
  credential_id: "c-fa11fa11fa11fa11",
  provider,
  account: "ada@example.test",
  expires_at: inSeconds(3.4 * 86_400),
  sealed_at: at(-7200),
  session_id: "s-completed",
  custody: "checked_out",
  holder: "ci-runner-3",
  held_since: at(-600),
});

const tool = (name, title, vendor, version, flow, description, more = {}) => ({
  name,
  title,
  vendor,
  version,
  flow,
  description,
  notes: null,
  credential: null,
  open_session_id: null,
  ...more,
});

export const PROVIDERS = [
  tool(
    "demo",
    "Demo",
    "Vestibule",
    "0.1.0",
    "loopback",
    "A small tool and sign-in server of our own: carries a whole sign-in through, without the internet.",
  ),
  tool(
    "claude-code",
    "Claude Code",
    "Anthropic",
    "2.1.197",
    "paste",
    "Anthropic's coding agent for the terminal.",
    { credential: credentialOf("claude-code") },
  ),
  tool("codex", "Codex", "OpenAI", "0.169.0", "loopback", "OpenAI's coding agent for the terminal.", {
    open_session_id: "s-awaiting",
  }),
  tool("gemini-cli", "Gemini CLI", "Google", "0.61.0", "paste", "Google's coding agent for the terminal.", {
    notes: "Individuals are being moved to Antigravity.",
    credential: {
      ...credentialOf("gemini-cli"),
      account: null,
      expires_at: inSeconds(-7400),
      credential_id: "c-01d01d01d01d01d0",
    },
  }),
];

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

/** Story → the state it is in, and what is special about it. */
const TOLD = {
  awaiting: { status: "awaiting_user_auth" },
  paste: { status: "awaiting_user_auth", flow: "paste", provider: "claude-code" },
  device: { status: "awaiting_user_auth", flow: "device", user_code: "WDJB-MJHT", provider: "codex" },
};

export const STORIES = [...ORDER, ...ENDS, ...Object.keys(TOLD)];

function reached(status) {
  return ENDS.includes(status) ? ORDER.slice(0, 2) : ORDER.slice(0, ORDER.indexOf(status) + 1);
}

/** As `allowed_actions` of the controller. */
const ALWAYS = ["cancel", "heartbeat"];
const SHOWN = [...ALWAYS, "view", "open_url", "paste"];
const ACTIONS = {
  started: ALWAYS,
  vm_created: ALWAYS,
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
  evidence: {
    health: '{\n  "status": "ok",\n  "agent_build": "a-00000000deadbeef"\n}',
    console:
      "[    0.000000] Linux version 6.12.48\n[    0.312204] overlayfs: upper fs is tmpfs\nagent: hand-over accepted: 192.168.100.7",
  },
};

export function sessionIn(story, id, wanted) {
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
    flow: special.flow ?? provider.flow,
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
    page_title: page ? "Demo: sign in" : null,
    golden_id: made ? GOLDEN : null,
    agent_build: past.includes("ready") ? BUILD : null,
    credential_id: status === "completed" ? "c-fa11fa11fa11fa11" : null,
    failure: status === "failed" ? FAILURE : null,
    notices:
      story === "paste"
        ? [
            {
              code: "page_unreachable",
              text: "The sign-in page cannot load: this host has no internet (net::ERR_PROXY_CONNECTION_FAILED).",
              at: at(4),
            },
          ]
        : [],
    stages: [...past, ...(ENDS.includes(status) ? [status] : [])].map((each) => ({
      status: each,
      at: at(STAGES[each] ?? 12.4),
    })),
    actions: ACTIONS[status] ?? ["retry"],
    deadline_at: final ? null : inSeconds(812),
    created_at: at(0),
    completed_at: final ? at(43.05) : null,
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

const machine = (vm_id, status, more) => ({
  vm_id,
  session_id: "s-awaiting",
  type: "browser",
  driver: "container",
  isolation: "container",
  status,
  vm_ip: "192.168.100.7",
  golden_id: GOLDEN,
  agent_build: BUILD,
  host: "localhost",
  pid: 4242,
  error_code: null,
  error_cause: null,
  created_at: at(0),
  running_at: at(1),
  ended_at: null,
  ...more,
});

export const MACHINES = [
  machine("vm-0d15ea5e0d15ea5e", "running", {}),
  machine("vm-dead00000000beef", "failed", {
    error_code: "agent_build_mismatch",
    error_cause: FAILURE.cause,
    ended_at: at(9),
    session_id: "s-failed",
  }),
  machine("vm-0000000000000001", "destroyed", { ended_at: at(43), session_id: "s-completed" }),
];
