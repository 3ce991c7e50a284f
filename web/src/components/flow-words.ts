/** How a person's agreement comes back to the tool, in the words that every page uses. */

import type { Flow } from "../api/types";

export interface FlowWords {
  name: string;
  text: string;
}

export const FLOW_WORDS: Record<Flow, FlowWords> = {
  loopback: {
    name: "Return by itself",
    text: "You sign in on the machine’s desktop; the page returns to the tool by itself.",
  },
  paste: {
    name: "Paste a code",
    text: "The sign-in page ends with a code; you paste it here.",
  },
  device: {
    name: "Enter a code",
    text: "The tool shows a code; you enter it on the sign-in page, on any device.",
  },
};
