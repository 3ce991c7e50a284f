/** How machines are spoken of, and how their states look. */

import type { Isolation, Machine } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import type { Tone } from "../../ui/pill";

const ISOLATION: Record<Isolation, PlainKey> = { vm: "session.vm", container: "session.container" };

/** “container”, “virtual machine (qemu)”. */
export function isolationWords({
  isolation,
  driver,
}: {
  isolation: Isolation;
  driver: string | null;
}): string {
  const how = t(ISOLATION[isolation]);
  return driver === null || driver === isolation ? how : `${how} (${driver})`;
}

export const MACHINE_STATES: Record<Machine["status"], PlainKey> = {
  creating: "machines.creating",
  running: "machines.running",
  stopping: "machines.stopping",
  destroyed: "machines.destroyed",
  failed: "machines.failed",
};

/** Its state in a word; one that stands still is paused, whatever it was before. */
export const machineState = (paused: boolean, status: Machine["status"]): string =>
  t(paused ? "machines.paused" : MACHINE_STATES[status]);

export const MACHINE_TONES: Record<Machine["status"], Tone> = {
  creating: "busy",
  running: "good",
  stopping: "busy",
  destroyed: "quiet",
  failed: "bad",
};
