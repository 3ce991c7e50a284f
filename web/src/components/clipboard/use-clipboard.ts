/**
 * The clipboards of a person and their machine, brought together through the machine's agent.
 *
 *     Ctrl/⌘-V on the desktop ─▶ the browser's paste event ─▶ the machine's clipboard ─▶ Shift+Insert there
 *     a copy in the machine ─▶ this browser's clipboard, or a popover when the browser does not allow it
 *
 * Shift+Insert, because it pastes in the terminal and in the browser alike, whatever the keyboard's layout.
 */

import { useCallback, useEffect, useRef, useState, type RefObject } from "react";

import type { MachineAccess } from "../../api/machine-access";
import { asProblem } from "../../api/problem";
import type { Problem } from "../../api/types";
import { copyText, writeClipboard } from "../../ui/copy-text";
import type { Surface } from "../desktop/desktop-link";
import { KEYS, MODIFIER_KEYS } from "../desktop/keysyms";
import { openSocket } from "../desktop/open-socket";
import { CopiesFeed, type Copied } from "./copies-feed";

export interface Clipboard {
  /** Puts a text on the machine's clipboard and pastes it there. */
  paste: (text: string) => Promise<void>;
  /** The last copy in the machine; `taken` when it is on this browser's clipboard. */
  copied: (Copied & { taken: boolean }) | null;
  /** Takes it by a person's own click; false: the browser does not allow even that. */
  take: () => Promise<boolean>;
  /** Why the last paste did not come about. */
  problem: Problem | null;
  /** The person has read it. */
  dismiss: () => void;
  /** Gives the keys back to the desktop. */
  focus: () => void;
}

interface Parts {
  machine: MachineAccess;
  /** The desktop on the screen; undefined while there is none. */
  surface: Surface | undefined;
  target: RefObject<HTMLElement | null>;
}

export function useClipboard({ machine, surface, target }: Parts): Clipboard {
  const [problem, setProblem] = useState<Problem | null>(null);
  const latest = useRef({ machine, surface });
  useEffect(() => {
    latest.current = { machine, surface };
  });
  const pressPaste = useHeldControl(
    target,
    useCallback(() => {
      latest.current.surface?.letGo();
      latest.current.surface?.press(KEYS.insert, [MODIFIER_KEYS.shift]);
    }, []),
  );
  const paste = useCallback(
    async (text: string): Promise<void> => {
      try {
        await latest.current.machine.setClipboard(text);
        setProblem(null);
      } catch (error) {
        setProblem(asProblem(error));
        throw error;
      }
      pressPaste();
    },
    [pressPaste],
  );
  usePasteKeys(target, paste, pressPaste);
  const focus = (): void => {
    surface?.focus();
  };
  const dismiss = (): void => {
    setProblem(null);
  };
  return { paste, problem, dismiss, focus, ...useCopies(machine, surface !== undefined, target) };
}

/** Whether these keys paste on this or any other system. */
export function isPaste(event: KeyboardEvent): boolean {
  return (
    event.key.toLowerCase() === "v" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey
  );
}

/**
 * The browser's own paste, which needs no permission: noVNC must not see its keys, or there would be none.
 *
 * Without a text (nothing, or a picture) the keys go on to the machine: it pastes what it has itself.
 */
function usePasteKeys(
  target: RefObject<HTMLElement | null>,
  paste: (text: string) => Promise<void>,
  pressPaste: () => void,
): void {
  useEffect(() => {
    const element = target.current;
    const keep = (event: KeyboardEvent): void => {
      if (isPaste(event)) event.stopPropagation();
    };
    const take = (event: ClipboardEvent): void => {
      const focused = element?.contains(document.activeElement) ?? false;
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!focused) return;
      event.preventDefault();
      if (text === "") pressPaste();
      else paste(text).catch(() => undefined); // told as `problem`
    };
    element?.addEventListener("keydown", keep, { capture: true });
    document.addEventListener("paste", take);
    return () => {
      element?.removeEventListener("keydown", keep, { capture: true });
      document.removeEventListener("paste", take);
    };
  }, [target, paste, pressPaste]);
}

/**
 * Does what lets go of the modifiers, then holds Ctrl again where it is still down: noVNC has seen its key go
 * down, and nobody else tells the machine a second time.
 */
function useHeldControl(target: RefObject<HTMLElement | null>, act: () => void): () => void {
  const held = useRef(new Map<string, KeyboardEvent>());
  useEffect(() => {
    const keys = held.current;
    const listen = (event: KeyboardEvent): void => {
      if (event.key !== "Control") return;
      if (event.type === "keydown") keys.set(event.code, event);
      else keys.delete(event.code);
    };
    const forget = (): void => {
      keys.clear();
    };
    document.addEventListener("keydown", listen, { capture: true });
    document.addEventListener("keyup", listen, { capture: true });
    window.addEventListener("blur", forget);
    return () => {
      document.removeEventListener("keydown", listen, { capture: true });
      document.removeEventListener("keyup", listen, { capture: true });
      window.removeEventListener("blur", forget);
    };
  }, []);
  return useCallback(() => {
    act();
    const focused = document.activeElement;
    if (focused === null || target.current?.contains(focused) !== true) return;
    for (const { key, code, location } of held.current.values())
      focused.dispatchEvent(new KeyboardEvent("keydown", { key, code, location, ctrlKey: true }));
  }, [act, target]);
}

function useCopies(
  machine: MachineAccess,
  shown: boolean,
  target: RefObject<HTMLElement | null>,
): Pick<Clipboard, "copied" | "take"> {
  const [copied, setCopied] = useState<Clipboard["copied"]>(null);
  const [feed] = useState(
    () =>
      new CopiesFeed({
        askTicket: () => machine.askTicket(),
        open: openSocket,
        onCopied: (news) => {
          const focused = document.hasFocus() && (target.current?.contains(document.activeElement) ?? false);
          void (focused && news.text !== null ? writeClipboard(news.text) : Promise.resolve(false)).then(
            (taken) => {
              setCopied({ ...news, taken });
            },
          );
        },
      }),
  );
  useEffect(() => {
    if (!shown) return undefined;
    feed.start();
    return () => {
      feed.stop();
    };
  }, [feed, shown]);
  const take = async (): Promise<boolean> => {
    if (copied?.text == null) return false;
    const taken = await copyText(copied.text);
    setCopied((now) => (now?.number === copied.number ? { ...now, taken } : now));
    return taken;
  };
  return { copied, take };
}
