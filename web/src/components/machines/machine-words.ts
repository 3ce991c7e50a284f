/** How machines are spoken of, and how their states look. */

import type { Machine } from "../../api/types";
import { t, type PlainKey } from "../../i18n";
import type { Tone } from "../../ui/pill";

/** “container”, “vm (qemu)”. */
export const isolationWords = ({ isolation, driver }: Pick<Machine, "isolation" | "driver">): string =>
  isolation === driver ? isolation : `${isolation} (${driver})`;

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
