/** How a person's agreement comes back to the tool, in the words that every page uses. */

import type { Flow } from "../api/types";
import type { PlainKey } from "../i18n";

export interface FlowWords {
  name: PlainKey;
  text: PlainKey;
}

export const FLOW_WORDS: Record<Flow, FlowWords> = {
  loopback: {
    name: "connect.loopback",
    text: "connect.loopbackText",
  },
  paste: {
    name: "connect.paste",
    text: "connect.pasteText",
  },
  device: {
    name: "connect.device",
    text: "connect.deviceText",
  },
};
