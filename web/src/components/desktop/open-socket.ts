/** WebSockets of a machine: a ticket opens one. */

import type { ViewTicket } from "../../api/types";

/** @param path On this origin; over TLS when the page came over TLS. */
export function openSocket(path: string, { ticket }: ViewTicket): WebSocket {
  const url = new URL(path, window.location.href);
  url.protocol = window.location.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(url.href, ["binary", `vestibule.ticket.${ticket}`]);
}
