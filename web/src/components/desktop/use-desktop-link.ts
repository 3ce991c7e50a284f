/** Binds a `DesktopLink` to a React component and to the element that noVNC draws in. */

import { useEffect, useRef, type RefObject } from "react";

import type { ViewTicket } from "../../api/types";
import type { Connection } from "./connection";
import type { DesktopLink, Surface } from "./desktop-link";
import { openRfb } from "./rfb-surface";
import { useViewLink } from "./use-view-link";
import { useWayOut } from "./use-way-out";
import type { ViewSettings } from "./view-settings";

export interface DesktopParts {
  askTicket: () => Promise<ViewTicket>;
  askSession: () => void;
  /** Whether the machine has not confirmed itself yet. */
  awaited: boolean;
  settings: ViewSettings;
  /** Somebody who may look at it alone; what the controller tells them. */
  watching?: (told: string) => void;
}

export interface DesktopView {
  target: RefObject<HTMLDivElement | null>;
  link: DesktopLink;
  state: Connection;
}

export function useDesktopLink(parts: DesktopParts): DesktopView {
  const target = useRef<HTMLDivElement>(null);
  const wantsKeys = useFocusMemory(target);
  const watches = parts.watching !== undefined;
  const { link, state } = useViewLink<Surface>({
    askTicket: parts.askTicket,
    askSession: parts.askSession,
    openSurface: (ticket, listeners) =>
      openRfb(elementOf(target), ticket, parts.settings, listeners, watches ? "watch" : "use"),
    restoreFocus: (surface) => {
      if (wantsKeys.current && !watches) surface.focus();
    },
    onTold: (text) => parts.watching?.(text),
    isAwaited: () => parts.awaited,
  });
  useEffect(() => {
    link.shown?.show(parts.settings);
  }, [link, parts.settings]);
  useWayOut(target, () => {
    letGo(link.shown, target.current);
  });
  return { target, link, state };
}

function elementOf(target: RefObject<HTMLDivElement | null>): HTMLDivElement {
  if (target.current === null) throw new Error("The viewer's element is gone.");
  return target.current;
}

/**
 * Whether the desktop should get the keyboard when it (re)appears: yes when it had it last, and at first when
 * nothing else on the page has it.  noVNC takes its canvas away on a loss, so the browser itself forgets.
 */
function useFocusMemory(target: RefObject<HTMLDivElement | null>): RefObject<boolean> {
  const had = useRef(true);
  useEffect(() => {
    const remember = (event: FocusEvent): void => {
      had.current = event.target instanceof Node && (target.current?.contains(event.target) ?? false);
    };
    document.addEventListener("focusin", remember);
    return () => {
      document.removeEventListener("focusin", remember);
    };
  }, [target]);
  return had;
}

function letGo(surface: Surface | undefined, element: HTMLElement | null): void {
  surface?.release();
  element?.closest("section")?.querySelector<HTMLElement>("button")?.focus();
}
