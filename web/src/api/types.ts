/** The API's shapes under short names.  All come from the generated schema; nothing is written twice. */

import type { components } from "./generated/schema";

type Schemas = components["schemas"];

export type Action = Schemas["Action"];
export type Credential = Schemas["Credential"];
export type Failure = Schemas["Failure"];
export type Golden = Schemas["Golden"];
export type Host = Schemas["Host"];
export type HostCheck = Schemas["HostCheck"];
export type Isolation = Schemas["Isolation"];
export type Machine = Schemas["Machine"];
export type Notice = Schemas["Notice"];
export type Problem = Schemas["Problem"];
export type Provider = Schemas["Provider"];
export type Session = Schemas["Session"];
export type SessionStatus = Schemas["SessionStatus"];
export type Stage = Schemas["Stage"];
export type User = Schemas["User"];
export type ViewTicket = Schemas["ViewTicket"];

export type FinalStatus = Extract<SessionStatus, "completed" | "failed" | "timeout" | "cancelled">;
export type OpenStatus = Exclude<SessionStatus, FinalStatus>;

/** Whether nothing leaves this state. */
export function isFinal(status: SessionStatus): status is FinalStatus {
  return status === "completed" || status === "failed" || status === "timeout" || status === "cancelled";
}
