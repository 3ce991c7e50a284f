/** noVNC as a `Surface`.  Loaded on its own (`load-ahead.ts`): no page waits for it that has no desktop. */

import type RFB from "@novnc/novnc";

import type { ViewTicket } from "../../api/types";
import { Channel } from "./channel";
import type { Surface, SurfaceListeners } from "./desktop-link";
import { keysymOf, MODIFIERS, SHIFT_LEFT, SHIFT_RIGHT, type Key } from "./keysyms";
import { openSocket } from "./open-socket";
import { QUALITIES, type ViewSettings } from "./view-settings";

/** What the person may do; the controller holds a watcher to it, whatever this page does. */
export type Use = "use" | "watch";

/** Opens the desktop in `target`; resolves when noVNC has begun to connect. */
export async function openRfb(
  target: HTMLElement,
  ticket: ViewTicket,
  settings: ViewSettings,
  listeners: SurfaceListeners,
  use: Use,
): Promise<Surface> {
  const { default: Rfb } = await import("@novnc/novnc");
  const socket = openSocket(ticket.websocket, ticket);
  // noVNC keeps the close frame to itself; this listener is there first and hears it.
  let end = { code: 1006, reason: "" };
  socket.addEventListener("close", ({ code, reason }) => {
    end = { code, reason };
  });
  const channel = new Channel(socket, listeners.onSilent, () => performance.now(), listeners.onTold);
  const rfb = new Rfb(target, channel, { shared: true });
  rfb.viewOnly = use === "watch";
  rfb.focusOnClick = use === "use";
  rfb.background = "transparent";
  apply(settings, rfb, channel);
  rfb.addEventListener("connect", listeners.onOpened);
  let gone = false;
  rfb.addEventListener("disconnect", () => {
    gone = true;
    listeners.onDropped({ ...end, online: navigator.onLine });
  });
  return {
    ...keysOf(rfb),
    show: (wanted) => {
      apply(wanted, rfb, channel);
    },
    traffic: () => channel.traffic,
    close: () => {
      // noVNC complains when it is told to leave what has left.
      if (!gone) rfb.disconnect();
    },
  };
}

function keysOf(rfb: RFB): Pick<Surface, "focus" | "release" | "press" | "hold" | "letGo" | "type"> {
  return {
    focus: () => {
      rfb.focus({ preventScroll: true });
    },
    release: () => {
      // The chord that asked for this went down in the machine but will come up outside of it.
      for (const key of [SHIFT_LEFT, SHIFT_RIGHT]) rfb.sendKey(key, null, false);
      rfb.blur();
    },
    press: (key, held) => {
      for (const { keysym, code } of held) rfb.sendKey(keysym, code, true);
      rfb.sendKey(key.keysym, key.code);
      for (const { keysym, code } of held.toReversed()) rfb.sendKey(keysym, code, false);
    },
    hold: (keys) => {
      for (const { keysym, code } of keys) rfb.sendKey(keysym, code, true);
    },
    letGo: (keys = MODIFIERS) => {
      for (const { keysym, code } of keys) rfb.sendKey(keysym, code, false);
    },
    type: (text) => {
      for (const key of keysOfText(text)) rfb.sendKey(key.keysym, key.code);
    },
  };
}

function keysOfText(text: string): Key[] {
  return Array.from(text.replaceAll("\r\n", "\n"))
    .map(keysymOf)
    .filter((keysym) => keysym !== null)
    .map((keysym) => ({ keysym, code: null }));
}

function apply({ quality, size }: ViewSettings, rfb: RFB, channel: Channel): void {
  channel.pixelRatio = size === "native" ? window.devicePixelRatio : 1;
  rfb.scaleViewport = size !== "actual";
  rfb.clipViewport = size === "actual";
  rfb.dragViewport = size === "actual";
  rfb.resizeSession = size === "resize" || size === "native";
  rfb.qualityLevel = QUALITIES[quality].qualityLevel;
  rfb.compressionLevel = QUALITIES[quality].compressionLevel;
}
