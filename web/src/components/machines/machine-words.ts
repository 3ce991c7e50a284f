/** How machines are spoken of, and how their states look. */

import type { Machine } from "../../api/types";
import type { Tone } from "../../ui/pill";

/** “container”, “vm (qemu)”. */
export const isolationWords = ({ isolation, driver }: Pick<Machine, "isolation" | "driver">): string =>
  isolation === driver ? isolation : `${isolation} (${driver})`;

export const MACHINE_TONES: Record<Machine["status"], Tone> = {
  creating: "busy",
  running: "good",
  stopping: "busy",
  destroyed: "quiet",
  failed: "bad",
};
