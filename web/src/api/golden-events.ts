/** Everything about goldens, at every change; it never ends. */

import { GOLDENS_EVENTS } from "./client";
import type { Feed } from "./event-feed";
import type { Goldens } from "./types";

export const GOLDENS_FEED: Feed<Goldens> = {
  path: GOLDENS_EVENTS,
  event: "goldens",
  read: (data) => (typeof data === "object" && data !== null && "goldens" in data ? (data as Goldens) : null),
  isLast: () => false,
};
