/** The generated client, bound to this origin, with errors as `ApiError`. */

import createClient from "openapi-fetch";

import type { paths } from "./generated/schema";
import { ApiError, problemOf, unreachable } from "./problem";
import type {
  Credential,
  CredentialDetail,
  Downloads,
  DownloadsFile,
  ExportedCredential,
  Failures,
  Flow,
  GoldenDetail,
  Goldens,
  Host,
  HostHealth,
  HostHistory,
  LogFile,
  Machine,
  Me,
  Provider,
  Rotation,
  Session,
  SessionDetail,
  SettingsInForce,
  Starts,
  TableName,
  TablePage,
  TableRows,
  Timeline,
  NewViewLink,
  ViewLink,
  ViewLinks,
  ViewTicket,
} from "./types";

const http = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: "same-origin",
  fetch: (request) => globalThis.fetch(request),
});

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

async function answered<T>(pending: Promise<Answer<T>>): Promise<Answer<T>> {
  const answer = await pending.catch((error: unknown) => {
    // fetch rejects with a TypeError when no answer came.
    throw error instanceof TypeError ? unreachable() : error;
  });
  if (answer.response.ok) return answer;
  throw new ApiError(answer.response.status, problemOf(answer.response.status, answer.error));
}

async function body<T>(pending: Promise<Answer<T>>): Promise<T> {
  const { data, response } = await answered(pending);
  if (data === undefined) throw new ApiError(response.status, problemOf(response.status, null));
  return data;
}

const one = (session_id: string) => ({ params: { path: { session_id } } });

/** Exchanges a one-time link's token for the cookie. */
export const signIn = (token: string): Promise<Me> => body(http.POST("/api/sign-in", { body: { token } }));

export async function signOut(): Promise<void> {
  await answered(http.POST("/api/sign-out"));
}

export const me = (): Promise<Me> => body(http.GET("/api/me"));
export const host = (): Promise<Host> => body(http.GET("/api/host"));
export const providers = (): Promise<Provider[]> => body(http.GET("/api/providers"));
export const credentials = (): Promise<Credential[]> => body(http.GET("/api/credentials"));
const credentialPath = (credential_id: string) => ({ params: { path: { credential_id } } });

/** One credential with the history of its custody; never its content. */
export const credential = (id: string): Promise<CredentialDetail> =>
  body(http.GET("/api/credentials/{credential_id}", credentialPath(id)));

/** Opens the seal for one holder.  The answer holds the secret: hand it on, keep it nowhere. */
export const checkOut = (id: string, holder: string): Promise<ExportedCredential> =>
  body(http.POST("/api/credentials/{credential_id}/checkout", { ...credentialPath(id), body: { holder } }));

/** Opens the seal for the owner.  The answer holds the secret: hand it on, keep it nowhere. */
export const exportCredential = (id: string): Promise<ExportedCredential> =>
  body(http.POST("/api/credentials/{credential_id}/export", credentialPath(id)));

/** Takes it back in the holder's name, unchanged: the vault keeps what it has. */
export const takeBack = (id: string, holder: string): Promise<Credential> =>
  body(
    http.POST("/api/credentials/{credential_id}/return", {
      ...credentialPath(id),
      body: { holder, files: null },
    }),
  );

/** Takes it back in the holder's name as refused by the provider: the vault keeps what it has, in doubt. */
export const takeBackRefused = (id: string, holder: string): Promise<Credential> =>
  body(http.POST("/api/credentials/{credential_id}/refuse", { ...credentialPath(id), body: { holder } }));

export const deleteCredential = (id: string): Promise<Credential> =>
  body(http.DELETE("/api/credentials/{credential_id}", credentialPath(id)));

/** Exchanges the master key for one batch of credentials; operator only. */
export const rotateKey = (): Promise<Rotation> => body(http.POST("/api/vault/rotation"));

export const sessions = (): Promise<Session[]> => body(http.GET("/api/auth/sessions"));

const machinePath = (vm_id: string) => ({ params: { path: { vm_id } } });

/** One machine, and what it was cloned from. */
export const machine = (id: string): Promise<Machine> => body(http.GET("/api/vms/{vm_id}", machinePath(id)));
export const machineTimeline = (id: string): Promise<Timeline> =>
  body(http.GET("/api/vms/{vm_id}/timeline", machinePath(id)));
export const machineLogs = (id: string): Promise<LogFile[]> =>
  body(http.GET("/api/vms/{vm_id}/logs", machinePath(id)));
export const logEvents = (id: string, name: string): string =>
  `/api/vms/${encodeURIComponent(id)}/logs/${encodeURIComponent(name)}/events`;

/** A window into a table; `search` is what is asked of it, as in an address: it may be a person's own. */
export async function table<Name extends TableName>(
  name: Name,
  search: string,
): Promise<TablePage<TableRows[Name]>> {
  const asked = new Request(`${window.location.origin}${tablePath(name, search)}`, {
    credentials: "same-origin",
  });
  return body(read(asked));
}

async function read<T>(request: Request): Promise<Answer<T>> {
  const response = await globalThis.fetch(request);
  const content: unknown = await response.json().catch(() => undefined);
  return response.ok ? { data: content as T, response } : { error: content, response };
}

const tablePath = (name: TableName, search: string): string => `/api/tables/${name}?${search}`;
export const tableEvents = (name: TableName, search: string): string =>
  `/api/tables/${name}/events?${search}`;

/** What became of a sign-in, for its owner and the operator. */
export const listedSession = (session_id: string): Promise<SessionDetail> =>
  body(http.GET("/api/tables/sessions/{session_id}", { params: { path: { session_id } } }));

/** Every setting in force; operator only. */
export const settings = (): Promise<SettingsInForce> => body(http.GET("/api/settings"));

/** Sign-ins that ended in the last `days`, by reason and golden. */
export const failures = (days: number): Promise<Failures> =>
  body(http.GET("/api/health/failures", { params: { query: { days } } }));
/** Whether sign-ins could start now, and what the host has left. */
export const hostHealth = (): Promise<HostHealth> => body(http.GET("/api/health/host"));

/** How long machines took to start in the last `days`, by golden. */
export const starts = (days: number): Promise<Starts> =>
  body(http.GET("/api/health/starts", { params: { query: { days } } }));
export const hostHistory = (): Promise<HostHistory> => body(http.GET("/api/health/host/history"));
export const HISTORY_EVENTS = "/api/health/host/history/events";

/** What is promoted, wanted and being made, and all goldens. */
export const goldens = (): Promise<Goldens> => body(http.GET("/api/goldens/state"));
export const golden = (golden_id: string): Promise<GoldenDetail> =>
  body(http.GET("/api/goldens/{golden_id}", { params: { path: { golden_id } } }));
/** Builds, tries and promotes the golden of today's inputs; answers at once. */
export const renewGolden = (): Promise<Goldens> => body(http.POST("/api/goldens/renew"));
export const rollBack = (why: string): Promise<Goldens> =>
  body(http.POST("/api/goldens/rollback", { body: { why } }));
export const promote = (golden_id: string, untested: boolean): Promise<Goldens> =>
  body(
    http.POST("/api/goldens/{golden_id}/promote", { params: { path: { golden_id } }, body: { untested } }),
  );

/** Starts a sign-in in this way (null: the provider's preferred one); answers long before there is a machine. */
export const startSignIn = async (provider: string, flow: Flow | null): Promise<Session> =>
  (await body(http.POST("/api/vm/auth", { body: flow === null ? { provider } : { provider, flow } })))
    .session;

export const session = (id: string): Promise<Session> =>
  body(http.GET("/api/auth/session/{session_id}", one(id)));

/** What it went through, step by step. */
export const timeline = (id: string): Promise<Timeline> =>
  body(http.GET("/api/auth/session/{session_id}/timeline", one(id)));

export const heartbeat = (id: string): Promise<Session> =>
  body(http.POST("/api/auth/session/{session_id}/heartbeat", one(id)));

/** Reports how long the desktop's first frame took; the first report of a session stays. */
export const firstFrame = (id: string, milliseconds: number): Promise<Session> =>
  body(http.POST("/api/auth/session/{session_id}/first-frame", { ...one(id), body: { milliseconds } }));

export const cancel = (id: string): Promise<Session> =>
  body(http.POST("/api/auth/session/{session_id}/cancel", one(id)));

/** Opens a URL in the machine's browser. */
export const openUrl = (id: string, url: string): Promise<Session> =>
  body(http.POST("/api/auth/session/{session_id}/open-url", { ...one(id), body: { url } }));

/** Types text into the tool, then Enter. */
export const paste = (id: string, text: string): Promise<Session> =>
  body(http.POST("/api/auth/session/{session_id}/input", { ...one(id), body: { text } }));

/** A ticket for one of a machine's WebSockets; good once, for 30 s. */
export const viewTicket = (vm_id: string): Promise<ViewTicket> =>
  body(http.POST("/api/vm/{vm_id}/view-ticket", { params: { path: { vm_id } } }));

/** A link that shows the desktop to whoever has it; its address is told this once. */
export const makeViewLink = (id: string, seconds: number): Promise<NewViewLink> =>
  body(http.POST("/api/auth/session/{session_id}/view-links", { ...one(id), body: { seconds } }));

export const viewLinks = (id: string): Promise<ViewLinks> =>
  body(http.GET("/api/auth/session/{session_id}/view-links", one(id)));

/** Takes a link back; who watches by it is cut off. */
export const revokeViewLink = (session_id: string, link_id: string): Promise<ViewLink> =>
  body(
    http.DELETE("/api/auth/session/{session_id}/view-links/{link_id}", {
      params: { path: { session_id, link_id } },
    }),
  );

/** Where the picture of a failed machine's desktop is. */
export const screenshotPath = (vm_id: string): string => `/api/vms/${encodeURIComponent(vm_id)}/screenshot`;

export async function setClipboard(vm_id: string, text: string): Promise<void> {
  await answered(http.PUT("/api/vm/{vm_id}/clipboard", { params: { path: { vm_id } }, body: { text } }));
}

/** What is in a machine's Downloads, and what may pass. */
export const downloads = (vm_id: string): Promise<Downloads> =>
  body(http.GET("/api/vm/{vm_id}/files", { params: { path: { vm_id } } }));

/** Sends a file as it is read; by XMLHttpRequest, because fetch tells nothing of how far it is. */
export function answeredUpload(
  path: string,
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<DownloadsFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      onProgress(total === 0 ? 1 : loaded / total);
    };
    request.onload = () => {
      const { status, response } = request as { status: number; response: unknown };
      if (status === 201) resolve(response as DownloadsFile);
      else reject(new ApiError(status, problemOf(status, response)));
    };
    request.onerror = () => {
      reject(unreachable());
    };
    request.onabort = () => {
      reject(new DOMException("cancelled", "AbortError"));
    };
    signal.addEventListener("abort", () => {
      request.abort();
    });
    request.send(file);
  });
}

export const GOLDENS_EVENTS = "/api/goldens/events";
export const eventsPath = (id: string): string => `/api/auth/session/${encodeURIComponent(id)}/events`;
