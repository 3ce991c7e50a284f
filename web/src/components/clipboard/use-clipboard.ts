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
import type { Surface } from "../desktop/desktop-link";
import { KEYS, MODIFIER_KEYS } from "../desktop/keysyms";
import { openSocket } from "../desktop/open-socket";
import { CopiesFeed, type Copied } from "./copies-feed";

export interface Clipboard {
  /** Puts a text on the machine's clipboard and pastes it there. */
  paste: (text: string) => Promise<void>;
  /** The last copy in the machine; `taken` when it is on this browser's clipboard. */
  copied: (Copied & { taken: boolean }) | null;
  /** Takes it by a person's own click, which every browser allows. */
  take: () => void;
  /** Why the last paste did not come about. */
  problem: Problem | null;
  /** The person has read it. */
  dismiss: () => void;
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
  const paste = useCallback(async (text: string): Promise<void> => {
    try {
      await latest.current.machine.setClipboard(text);
      setProblem(null);
    } catch (error) {
      setProblem(asProblem(error));
      throw error;
    }
    latest.current.surface?.letGo();
    latest.current.surface?.press(KEYS.insert, [MODIFIER_KEYS.shift]);
  }, []);
  usePasteKeys(target, paste);
  const dismiss = (): void => {
    setProblem(null);
  };
  return { paste, problem, dismiss, ...useCopies(machine, surface !== undefined, target) };
}

/** Whether these keys paste on this or any other system. */
export function isPaste(event: KeyboardEvent): boolean {
  return (
    event.key.toLowerCase() === "v" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey
  );
}

/** The browser's own paste, which needs no permission: noVNC must not see its keys, or there would be none. */
function usePasteKeys(target: RefObject<HTMLElement | null>, paste: (text: string) => Promise<void>): void {
  useEffect(() => {
    const element = target.current;
    const keep = (event: KeyboardEvent): void => {
      if (isPaste(event)) event.stopPropagation();
    };
    const take = (event: ClipboardEvent): void => {
      const focused = element?.contains(document.activeElement) ?? false;
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!focused || text === "") return;
      event.preventDefault();
      paste(text).catch(() => undefined); // told as `problem`
    };
    element?.addEventListener("keydown", keep, { capture: true });
    document.addEventListener("paste", take);
    return () => {
      element?.removeEventListener("keydown", keep, { capture: true });
      document.removeEventListener("paste", take);
    };
  }, [target, paste]);
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
          void written(focused ? news.text : null).then((taken) => {
            setCopied({ ...news, taken });
          });
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
  const take = (): void => {
    void written(copied?.text ?? null).then((taken) => {
      if (copied !== null) setCopied({ ...copied, taken });
    });
  };
  return { copied, take };
}

/** Whether the text is on the browser's clipboard now; there is none on a page that came without TLS. */
async function written(text: string | null): Promise<boolean> {
  if (text === null) return false;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
