/** xterm.js on a machine's terminal.  Loaded on first use, so that pages without a terminal never pay for it. */

import type { Terminal } from "@xterm/xterm";

import type { ViewTicket } from "../../api/types";
import { copyText } from "../../ui/copy-text";
import type { Traffic } from "../desktop/channel";
import type { SurfaceListeners } from "../desktop/desktop-link";
import { openSocket } from "../desktop/open-socket";
import { COPY_REFUSED } from "./copy-refused";
import { sendInsertedText } from "./inserted-text";
import { TerminalChannel } from "./terminal-channel";
import { sequenceOf, type TerminalKey } from "./terminal-keys";
import { withStyleNonce } from "./with-style-nonce";

/** A terminal on the screen. */
export interface TerminalSurface {
  focus: () => void;
  /** Sends a key of the page's. */
  press: (key: TerminalKey) => void;
  /** Pastes a text, bracketed where the program asked for that. */
  paste: (text: string) => void;
  /** What has passed since it was opened. */
  traffic: () => Traffic;
  close: () => void;
}

const SCROLLBACK_LINES = 10_000;
/** At 1, a row of this font ends above its underscores, and rows hide what hangs out of them. */
const LINE_HEIGHT = 1.2;
/** The colours of the machine's own terminal (xterm.resources). */
const THEME = {
  background: "#161b24",
  foreground: "#d5dbe6",
  cursor: "#8fb4ff",
  selectionBackground: "#3a4a6b",
  black: "#1d2430",
  red: "#f07178",
  green: "#a5d6a0",
  yellow: "#e6c384",
  blue: "#8fb4ff",
  magenta: "#c9a5f7",
  cyan: "#7fd1d6",
  white: "#d5dbe6",
  brightBlack: "#8a95a8",
  brightRed: "#ff8b92",
  brightGreen: "#b9e6b3",
  brightYellow: "#f5d89a",
  brightBlue: "#a9c6ff",
  brightMagenta: "#dabfff",
  brightCyan: "#9be4e8",
  brightWhite: "#f4f7fb",
} as const;

/** Opens the terminal in `target`; resolves when it has begun to connect. */
export async function openTerminal(
  target: HTMLElement,
  ticket: ViewTicket,
  listeners: SurfaceListeners,
): Promise<TerminalSurface> {
  const [{ Terminal: Xterm }, { FitAddon }] = await Promise.all([
    import("@xterm/xterm"),
    import("@xterm/addon-fit"),
    import("@xterm/xterm/css/xterm.css"),
  ]);
  const terminal = new Xterm({
    fontFamily: '"DejaVu Sans Mono", ui-monospace, Menlo, Consolas, monospace',
    fontSize: target.clientWidth < 480 ? 12 : 14,
    lineHeight: LINE_HEIGHT,
    scrollback: SCROLLBACK_LINES,
    screenReaderMode: true,
    theme: THEME,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  withStyleNonce(() => {
    terminal.open(target);
  });
  fit.fit();
  copyAndPasteByKeys(terminal);
  sendInsertedText(terminal);
  const socket = openSocket(`${ticket.terminal}?columns=${terminal.cols}&rows=${terminal.rows}`, ticket);
  const channel = carry(terminal, socket, listeners);
  const resized = new ResizeObserver(() => {
    fit.fit();
  });
  resized.observe(target);
  return {
    focus: () => {
      terminal.focus();
    },
    press: (key) => {
      terminal.input(sequenceOf(key, terminal.modes.applicationCursorKeysMode), true);
    },
    paste: (text) => {
      terminal.paste(text);
    },
    traffic: () => channel.traffic,
    close: () => {
      resized.disconnect();
      channel.close();
      terminal.dispose();
    },
  };
}

/** Between the terminal and its WebSocket, as long as both are there. */
function carry(terminal: Terminal, socket: WebSocket, listeners: SurfaceListeners): TerminalChannel {
  let shown = false;
  const onBytes = (data: Uint8Array): void => {
    terminal.write(data);
    if (!shown) listeners.onOpened();
    shown = true;
  };
  const { onSilent } = listeners;
  const channel = new TerminalChannel(socket, { onBytes, onSilent }, () => performance.now());
  const encoder = new TextEncoder();
  terminal.onData((text) => {
    channel.send(encoder.encode(text));
  });
  terminal.onBinary((text) => {
    channel.send(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  });
  terminal.onResize(({ cols, rows }) => {
    channel.send(JSON.stringify({ columns: cols, rows }));
  });
  socket.addEventListener("open", () => {
    // The frame may have another size by now than when the address was made.
    channel.send(JSON.stringify({ columns: terminal.cols, rows: terminal.rows }));
  });
  socket.addEventListener("close", ({ code, reason }) => {
    listeners.onDropped({ code, reason, online: navigator.onLine });
  });
  return channel;
}

/** Ctrl+Shift+C copies, and Ctrl+C while something is selected; Ctrl+V and ⌘V are the browser's own paste. */
function copyAndPasteByKeys(terminal: Terminal): void {
  terminal.attachCustomKeyEventHandler((event) => {
    const key = event.key.toLowerCase();
    if (!event.ctrlKey || event.altKey || event.metaKey) return true;
    if (key === "v") return false;
    if (key !== "c") return true;
    if (event.shiftKey) {
      event.preventDefault(); // some browsers open their tools
      if (event.type === "keydown")
        void copyText(terminal.getSelection()).then((copied) => {
          if (!copied) terminal.element?.dispatchEvent(new Event(COPY_REFUSED, { bubbles: true }));
        });
      return false;
    }
    return !terminal.hasSelection();
  });
}
