/**
 * The controller's API without machines, for work on the page's looks: `npm run build && npm run dev:fake`.
 *
 * No product code uses it; `tests/e2e/test_every_state.py` shows every page with it.  Sessions named for a state (`s-ready`, `s-failed`, …, see `STORIES`)
 * stay in it; one that *Connect* starts runs by itself until it waits for a person; pasting anything into it
 * completes it.  GOLDENS names what is told of goldens (see `fake-goldens.mjs`), HEALTH what of failures (see
 * `fake-health.mjs`).  VNC_SOCKET names the UNIX socket of an RFB server (Xvnc -rfbunixpath) to show as desktop.
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { extname, join, normalize } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { WebSocketServer } from "ws";

import {
  BEGINNINGS,
  EXPORTED,
  HISTORY,
  HOST,
  LINK_ENDS,
  linkOf,
  openIn,
  PROVIDERS,
  REPLACED,
  sessionIn,
  STORIES,
  WATCHED,
} from "./fake-data.mjs";
import { goldenDetail, GOLDENS } from "./fake-goldens.mjs";
import { failuresOf, HOST_HEALTH } from "./fake-health.mjs";
import {
  hostHistory,
  LOGS,
  logTail,
  machineOf,
  pageOf,
  sessionDetailOf,
  SETTINGS,
  startsOf,
  timelineOfMachine,
} from "./fake-tables.mjs";
import { timelineOf } from "./fake-timeline.mjs";

const PORT = Number(process.env.PORT ?? 4100);
const PICTURE = join(import.meta.dirname, "../../docs/images/session.png");
const DIST = join(import.meta.dirname, "../dist");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
/** As the controller sends it (api/pages.py). */
const NONCE = "fake";
const CSP =
  `default-src 'self'; script-src 'self'; style-src 'self' 'nonce-${NONCE}'; ` +
  "img-src 'self' data: blob:; " +
  "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const sessions = new Map(STORIES.map((story) => [`s-${story}`, sessionIn(story, `s-${story}`)]));
const followers = new Map();
let signedIn = true;
let started = 0;

const problem = (status, code, cause, remedy) => ({ status, body: { code, cause, remedy } });
const ABSENT = problem(
  404,
  "absent",
  "There is no such session, or it is someone else's.",
  "Look at your sessions: vestibule session list.",
);
const SIGNED_OUT = problem(
  401,
  "not_signed_in",
  "No valid sign-in came with the request.",
  "Ask for a link: vestibule user link NAME",
);
const NOT_HERE = problem(409, "fake", "This server only shows things.", "Ask a controller.");
const ok = (body, status = 200) => ({ status, body });

function change(id, session) {
  sessions.set(id, session);
  for (const send of followers.get(id) ?? []) send(session);
  return ok(session);
}

function start({ provider, flow }) {
  const open = openIn(sessions, provider);
  if (open !== undefined)
    return problem(409, "conflict", `A sign-in to ${provider} is open.`, "Go on with it.");
  const id = `s-run${++started}`;
  const session = sessionIn("started", id, provider, flow);
  sessions.set(id, session);
  ["vm_created", "ready", "awaiting_user_auth"].forEach((story, index) => {
    setTimeout(
      () => sessions.get(id).deadline_at !== null && change(id, sessionIn(story, id, provider, flow)),
      900 * (index + 1),
    );
  });
  return ok({ session_id: id, status: "started", session }, 201);
}

/** Links to watch a session: as many as were made of it, until they are taken back. */
const links = new Map();
function ofLinks(id, method, link) {
  const good = links.get(id) ?? [];
  if (method === "GET") return ok({ longest_s: 3600, links: good });
  if (method === "POST") {
    const made = linkOf(id, good.length + 1);
    links.set(id, [made, ...good]);
    return ok({ ...made, url: `http://127.0.0.1:4100/watch#token=visibly-fake-${"x".repeat(30)}` }, 201);
  }
  links.set(
    id,
    good.filter(({ link_id }) => link_id !== link),
  );
  return ok({ ...linkOf(id, 1), end: "revoked", ended_at: new Date().toISOString() });
}

function act(id, action, input, method) {
  const session = sessions.get(id);
  if (session === undefined) return ABSENT;
  const [, link] = /^view-links(?:\/(.+))?$/.exec(action ?? "") ?? [];
  if (action?.startsWith("view-links")) return ofLinks(id, method, link);
  if (action === "timeline") return ok(timelineOf(session));
  if (action === undefined || ["heartbeat", "open-url", "first-frame"].includes(action)) return ok(session);
  if (action === "cancel") return change(id, sessionIn("cancelled", id, session.provider));
  if (action === "input" && input.text === "wrong")
    return problem(409, "conflict", "The tool does not wait for a code.", "Wait for its prompt.");
  setTimeout(() => change(id, sessionIn("completed", id, session.provider)), 1200);
  return change(id, sessionIn("authenticating", id, session.provider));
}

const LISTS = {
  "/api/host": () => HOST,
  "/api/providers": () =>
    PROVIDERS.map((each) => ({
      ...each,
      open_session_id: openIn(sessions, each.name, "s-run") ?? each.open_session_id,
    })),
  "/api/health/host/history": hostHistory,
  "/api/settings": () => SETTINGS,
  "/api/goldens/state": () => GOLDENS,
  "/api/health/host": () => HOST_HEALTH,
  "/api/credentials": () => [
    ...PROVIDERS.map((each) => each.credential).filter((each) => each !== null),
    REPLACED,
  ],
  "/api/auth/sessions": () => BEGINNINGS,
  "/api/me": () => ({ user_id: "u-0011223344556677", name: "ada", operator: process.env.OPERATOR !== "no" }),
};

/** Two batches, then the end: the first time with damage, from then on without. */
let batches = 0;
function rotate() {
  const left = 2 - (batches++ % 3);
  return ok({
    key_id: "0f1e2d3c4b5a6978",
    rewrapped: left > 0 ? 100 : 42,
    remaining: left > 0 ? 100 * (left - 1) + 42 : 0,
    damaged: batches > 3 ? [] : ["c-7a117a117a117a11", "c-0ff50ff50ff50ff5"],
    finished: left === 0 && batches > 3,
  });
}

/** Tables, and what their drawers show; undefined: the address is of something else. */
function ofTables(path, search) {
  if (path === "/api/health/starts") return ok(startsOf(Number(search.get("days"))));
  const [, detail] = /^\/api\/tables\/sessions\/([^/]+)$/.exec(path) ?? [];
  if (detail !== undefined) return found(sessionDetailOf(detail));
  const [, listed] = /^\/api\/auth\/session\/(s-0000[^/]+)\/timeline$/.exec(path) ?? [];
  if (listed !== undefined) return ok(timelineOf(sessionIn(sessionDetailOf(listed).session.status, listed)));
  const [, table] = /^\/api\/tables\/([^/]+)$/.exec(path) ?? [];
  if (table !== undefined) {
    const page = pageOf(table, search);
    return page === null
      ? problem(422, "bad_input", "The request is not of the documented form: query.sort.", "Compare it.")
      : ok(page);
  }
  const [, machine, part] = /^\/api\/vms\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  if (machine === undefined) return undefined;
  if (machineOf(machine) === undefined) return ABSENT;
  return ok(part === undefined ? machineOf(machine) : part === "logs" ? LOGS : timelineOfMachine(machine));
}

const found = (thing) => (thing === undefined ? ABSENT : ok(thing));

function answer(method, path, input, search) {
  if (path === "/api/sign-in") {
    signedIn = input.token === "good";
    return signedIn
      ? ok(LISTS["/api/me"]())
      : problem(
          401,
          "not_signed_in",
          "The link was used before or is too old.",
          "Links are good once, for an hour.",
        );
  }
  if (!signedIn) return SIGNED_OUT;
  if (path === "/api/sign-out") return { status: ((signedIn = false), 204), body: null };
  if (LISTS[path] !== undefined) return ok(LISTS[path]());
  const row = ofTables(path, search);
  if (row !== undefined) return row;
  if (path === "/api/vm/auth" && method === "POST") return start(input);
  if (path === "/api/vault/rotation") return rotate();
  if (path.endsWith("/view-ticket"))
    return ok({
      ticket: "fake",
      websocket: "/api/vnc/fake",
      terminal: "/api/terminal/fake",
      copies: "/api/copies/fake",
      expires_at: new Date(Date.now() + 30_000).toISOString(),
    });
  if (path.endsWith("/files"))
    return method === "POST"
      ? { status: 201, body: { ...DOWNLOADS.files[0], name: search.get("name") } }
      : ok(DOWNLOADS);
  const [, credential, deed] = /^\/api\/credentials\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  if (credential !== undefined) return ofCredential(credential, deed);
  if (path.startsWith("/api/goldens/")) {
    const detail = goldenDetail(path.split("/").at(-1));
    return detail === undefined ? NOT_HERE : ok(detail);
  }
  const [, id, action] = /^\/api\/auth\/session\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  return id === undefined ? ABSENT : act(id, action, input, method);
}

const DOWNLOADS = {
  upload: true,
  download: true,
  max_bytes: 64 * 2 ** 20,
  files: [
    { file: "YQ", name: "مرحبا report (final) 👩🏽‍🚀.pdf", size: 1_572_864, modified_at: "2026-11-03T14:05:30Z" },
    { file: "Yg", name: "oauth-client.json", size: 2311, modified_at: "2026-11-03T14:01:00Z" },
  ],
};

/** One that is held refuses to be handed out; the others are, and stay as they are. */
function ofCredential(id, action) {
  const kept = LISTS["/api/credentials"]().find((each) => each.credential_id === id);
  if (kept === undefined) return ABSENT;
  if (action === undefined) return ok({ ...kept, history: HISTORY });
  if (action === "checkout" && id.startsWith("c-0"))
    return problem(
      409,
      "credential_checked_out",
      `The credential ${id} is checked out to ci-9 since 14:05.`,
      "Wait until ci-9 returns it; of a holder that is gone, return it in its name.",
    );
  return ok(action === "return" ? kept : EXPORTED);
}

function follow(id, response) {
  let seq = 0;
  const send = (session) =>
    response.write(`event: session\nid: ${++seq}\ndata: ${JSON.stringify({ seq, session })}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  followers.set(id, (followers.get(id) ?? new Set()).add(send));
  response.on("close", () => followers.get(id).delete(send));
  send(sessions.get(id));
}

/** Event, what it tells, and after how many milliseconds that is told again; undefined: nothing is followed. */
function streamOf(path, search) {
  const [, table] = /^\/api\/tables\/([^/]+)\/events$/.exec(path) ?? [];
  if (table !== undefined) return ["page", () => pageOf(table, search), null];
  if (path === "/api/health/host/history/events") return ["history", hostHistory, 15_000];
  const [, machine] = /^\/api\/vms\/([^/]+)\/logs\/[^/]+\/events$/.exec(path) ?? [];
  if (machine === undefined) return undefined;
  const ended = machineOf(machine)?.status !== "running";
  let lines = 40;
  return ["log", () => logTail(ended ? 90 : lines++, ended), ended ? null : 700];
}

function tell(response, event, what, everyMs) {
  const send = () => response.write(`event: ${event}\ndata: ${JSON.stringify(what())}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  send();
  if (everyMs === null) return;
  const timer = setInterval(send, everyMs);
  response.on("close", () => clearInterval(timer));
}

async function file(path, response) {
  const asset = path.startsWith("/dashboard/assets/")
    ? normalize(path.slice("/dashboard".length))
    : "/index.html";
  const content = await readFile(join(DIST, asset)).catch(() => null);
  response.writeHead(content === null ? 404 : 200, {
    "content-type": TYPES[extname(asset)] ?? "text/plain",
    "content-security-policy": CSP,
    "content-encoding": "gzip",
  });
  const sent = asset === "/index.html" ? content?.toString().replaceAll("__CSP_NONCE__", NONCE) : content;
  response.end(gzipSync(sent ?? ""));
}

async function bodyOf(request) {
  const chunks = await Array.fromAsync(request);
  return chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const path = url.pathname;
  const events = /^\/api\/auth\/session\/([^/]+)\/events$/.exec(path);
  if (path === "/api/goldens/events") {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    return void response.write(`event: goldens\ndata: ${JSON.stringify(GOLDENS)}\n\n`);
  }
  const stream = path.endsWith("/events") ? streamOf(path, url.searchParams) : undefined;
  if (stream !== undefined) return void tell(response, ...stream);
  if (events !== null && sessions.has(events[1])) return follow(events[1], response);
  if (!path.startsWith("/api/")) return void file(path, response);
  if (path.endsWith("/screenshot"))
    return void readFile(PICTURE).then((picture) =>
      response.writeHead(200, { "content-type": "image/png" }).end(picture),
    );
  if (path === "/api/health/failures") {
    const days = Number(url.searchParams.get("days"));
    return void response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify(failuresOf(days)));
  }
  return void bodyOf(request).then(async (input) => {
    const { status, body } = answer(request.method, path, input, url.searchParams);
    if (path === "/api/vault/rotation") await sleep(1500);
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(body === null ? undefined : JSON.stringify(body));
  });
});

/** What a tool shows while it waits, then the echo of what is typed. */
function showTerminal(socket) {
  const lines = [
    "$ vestibule-demo login",
    "",
    "Open this address in your browser:",
    "",
    "  http://login.demo.test/authorize?state=fake",
    "",
    "\x1b[38;2;255;90;60m24-bit\x1b[38;2;90;200;255m colours\x1b[0m",
  ];
  socket.send(Buffer.from(`\x1b[1m${lines.join("\r\n")}\x1b[0m\r\n\r\n\x1b[32m?\x1b[0m Waiting… `));
  socket.on("message", (data, binary) => {
    if (binary) return socket.send(data);
    const { ping } = JSON.parse(data);
    if (ping !== undefined) socket.send(JSON.stringify({ pong: ping }));
  });
}

const sockets = new WebSocketServer({ server, handleProtocols: () => "binary" });
sockets.on("connection", (socket, request) => {
  const { url } = request;
  if (url === "/api/watch") {
    const [, token] = /vestibule\.ticket\.([^,\s]+)/.exec(request.headers["sec-websocket-protocol"]) ?? [];
    if (LINK_ENDS[token] !== undefined) return socket.close(...LINK_ENDS[token]);
    socket.send(JSON.stringify(WATCHED));
  }
  if (url.startsWith("/api/terminal/")) return showTerminal(socket);
  if (url.startsWith("/api/copies/"))
    return void setTimeout(() => socket.send(JSON.stringify({ number: 1, text: "FAKE-CODE مرحبا" })), 2000);
  if (process.env.VNC_SOCKET === undefined) return socket.close(1011, "VNC_SOCKET is not set");
  const desktop = connect(process.env.VNC_SOCKET);
  desktop
    .on("data", (data) => socket.send(data))
    .on("close", () => socket.close())
    .on("error", () => socket.close());
  socket.on("message", (data) => desktop.write(data)).on("close", () => desktop.destroy());
});

server.listen(PORT, "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${server.address().port}/dashboard/remote-cli`),
);
