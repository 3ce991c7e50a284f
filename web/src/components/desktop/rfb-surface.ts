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
  const rfb = new RFB(target, websocketUrl(ticket.websocket), {
    shared: true,
    wsProtocols: ["binary", `vestibule.ticket.${ticket.ticket}`],
  });
  rfb.scaleViewport = true;
  rfb.focusOnClick = true;
  rfb.background = "transparent";
  rfb.addEventListener("connect", listeners.onOpened);
  rfb.addEventListener("disconnect", (event) => {
    listeners.onDropped(event.detail.clean);
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
