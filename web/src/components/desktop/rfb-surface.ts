/** noVNC as a `Surface`.  Loaded on first use, so that pages without a desktop never pay for it. */

import type { ViewTicket } from "../../api/types";
import type { Surface, SurfaceListeners } from "./desktop-link";
import { keysymOf, SHIFT_LEFT, SHIFT_RIGHT } from "./keysyms";

/** Opens the desktop in `target`; resolves when noVNC has begun to connect. */
export async function openRfb(
  target: HTMLElement,
  ticket: ViewTicket,
  listeners: SurfaceListeners,
): Promise<Surface> {
  const { default: RFB } = await import("@novnc/novnc");
  const socket = new WebSocket(websocketUrl(ticket.websocket), [
    "binary",
    `vestibule.ticket.${ticket.ticket}`,
  ]);
  // noVNC keeps the close frame's reason to itself; this listener is there first and hears it.
  let reason = "";
  socket.addEventListener("close", (event) => {
    reason = event.reason;
  });
  const rfb = new RFB(target, socket, { shared: true });
  rfb.scaleViewport = true;
  rfb.focusOnClick = true;
  rfb.background = "transparent";
  rfb.addEventListener("connect", listeners.onOpened);
  let gone = false;
  rfb.addEventListener("disconnect", () => {
    gone = true;
    listeners.onDropped(reason);
  });
  rfb.addEventListener("clipboard", (event) => {
    listeners.onClipboard(event.detail.text);
  });
  return {
    focus: () => {
      rfb.focus({ preventScroll: true });
    },
    release: () => {
      // The chord that asked for this went down in the machine but will come up outside of it.
      for (const key of [SHIFT_LEFT, SHIFT_RIGHT]) rfb.sendKey(key, null, false);
      rfb.blur();
    },
    type: (text) => {
      typeText(rfb, text);
    },
    close: () => {
      // noVNC complains when it is told to leave what has left.
      if (gone) return;
      // What is still on its way would be an error on the console: noVNC takes no data after this.
      socket.onmessage = null;
      rfb.disconnect();
    },
  };
}

function typeText(rfb: { sendKey(keysym: number, code: null): void }, text: string): void {
  for (const character of text.replaceAll("\r\n", "\n")) {
    const keysym = keysymOf(character);
    if (keysym !== null) rfb.sendKey(keysym, null);
  }
}

/** The ticket's path on this origin, over TLS when the page came over TLS. */
function websocketUrl(path: string): string {
  const url = new URL(path, window.location.href);
  url.protocol = window.location.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
