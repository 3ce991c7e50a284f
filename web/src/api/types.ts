/** The API's shapes under short names.  All come from the generated schema; nothing is written twice. */

import type { components } from "./generated/schema";

type Schemas = components["schemas"];

export type Action = Schemas["Action"];
export type AuditAction = Schemas["AuditAction"];
export type AuditEvent = Schemas["AuditEvent"];
export type AuditOutcome = Schemas["AuditOutcome"];
export type CanaryCheck = Schemas["CanaryCheck"];
export type CanaryReport = Schemas["CanaryReport"];
export type Credential = Schemas["Credential"];
export type CredentialDetail = Schemas["CredentialDetail"];
export type CredentialListed = Schemas["CredentialListed"];
export type Custody = Schemas["Custody"];
export type CustodyStep = Schemas["CustodyStep"];
export type Downloads = Schemas["Downloads"];
export type DownloadsFile = Schemas["DownloadsFile"];
export type ExportedCredential = Schemas["ExportedCredential"];
export type ExplainedCheck = Schemas["ExplainedCheck"];
export type Failure = Schemas["Failure"];
export type FailureBar = Schemas["FailureBar"];
export type FailureExample = Schemas["FailureExample"];
export type FailureReason = Schemas["FailureReason"];
export type Failures = Schemas["Failures"];
export type Flow = Schemas["Flow"];
export type Golden = Schemas["Golden"];
export type GoldenDetail = Schemas["GoldenDetail"];
export type GoldenMove = Schemas["GoldenMove"];
export type GoldenScore = Schemas["GoldenScore"];
export type Goldens = Schemas["Goldens"];
export type GoldenStatus = Schemas["GoldenStatus"];
export type Host = Schemas["Host"];
export type HostCheck = Schemas["HostCheck"];
export type HostDisk = Schemas["HostDisk"];
export type HostHealth = Schemas["HostHealth"];
export type HostHistory = Schemas["HostHistory"];
export type HostSample = Schemas["HostSample"];
export type HostStall = Schemas["HostStall"];
export type InputChange = Schemas["InputChange"];
export type Isolation = Schemas["Isolation"];
export type LogFile = Schemas["LogFile"];
export type LogTail = Schemas["LogTail"];
export type Machine = Schemas["Machine"];
export type MachineListed = Schemas["MachineListed"];
export type MachineShape = Schemas["MachineShape"];
export type Scrub = Schemas["Scrub"];
export type Me = Schemas["Me"];
export type Notice = Schemas["Notice"];
export type Outcome = Schemas["Outcome"];
export type Phase = Schemas["Phase"];
export type PlannedProduct = Schemas["PlannedProduct"];
export type Problem = Schemas["Problem"];
export type Provider = Schemas["Provider"];
export type Renewal = Schemas["Renewal"];
export type RenewalStep = Schemas["RenewalStep"];
export type Rotation = Schemas["Rotation"];
export type Session = Schemas["Session"];
export type SessionDetail = Schemas["SessionDetail"];
export type SessionListed = Schemas["SessionListed"];
export type SessionStatus = Schemas["SessionStatus"];
export type Setting = Schemas["Setting"];
export type SettingsInForce = Schemas["SettingsInForce"];
export type SettingSource = Schemas["SettingSource"];
export type SignInScore = Schemas["SignInScore"];
export type Stage = Schemas["Stage"];
export type StalePolicy = Schemas["StalePolicy"];
export type Starts = Schemas["Starts"];
export type StartTimes = Schemas["StartTimes"];
export type Timeline = Schemas["Timeline"];
export type TimelineStep = Schemas["TimelineStep"];
export type User = Schemas["User"];
export type NewViewLink = Schemas["NewViewLink"];
export type ViewLink = Schemas["ViewLink"];
export type ViewLinks = Schemas["ViewLinks"];
export type ViewTicket = Schemas["ViewTicket"];

export type FinalStatus = Extract<SessionStatus, "completed" | "failed" | "timeout" | "cancelled">;
export type OpenStatus = Exclude<SessionStatus, FinalStatus>;

/** A window into a table, whatever its rows are. */
export interface TablePage<Row> extends Omit<Schemas["MachinesPage"], "rows"> {
  rows: Row[];
}

/** Tables that the controller sorts, filters and pages → their rows. */
export interface TableRows {
  machines: MachineListed;
  sessions: SessionListed;
  credentials: CredentialListed;
  audit: AuditEvent;
}

export type TableName = keyof TableRows;

/** Whether nothing leaves this state. */
export function isFinal(status: SessionStatus): status is FinalStatus {
  return status === "completed" || status === "failed" || status === "timeout" || status === "cancelled";
}
