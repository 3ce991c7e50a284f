/** Binds a `DesktopLink` to a React component and to the element that noVNC draws in. */

import { useEffect, useRef, useState, useSyncExternalStore, type RefObject } from "react";

import type { ViewTicket } from "../../api/types";
import type { Connection } from "./connection";
import { DesktopLink, type Surface } from "./desktop-link";
import { openRfb } from "./rfb-surface";
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
  const latest = useRef(parts);
  const wantsKeys = useFocusMemory(target);
  const [link] = useState(() => new DesktopLink());
  const state = useSyncExternalStore(link.subscribe, link.current);
  useEffect(() => {
    latest.current = parts;
  });
  useEffect(() => {
    link.shown?.show(parts.settings);
  }, [link, parts.settings]);
  useEffect(() => {
    link.start({
      askTicket: () => latest.current.askTicket(),
      askSession: () => {
        latest.current.askSession();
      },
      openSurface: (ticket, listeners) =>
        openRfb(
          elementOf(target),
          ticket,
          latest.current.settings,
          listeners,
          latest.current.watching === undefined ? "use" : "watch",
        ),
      restoreFocus: (surface) => {
        if (wantsKeys.current && latest.current.watching === undefined) surface.focus();
      },
      onTold: (text) => latest.current.watching?.(text),
      isAwaited: () => latest.current.awaited,
      now: () => performance.now(),
      chance: Math.random,
    });
    return () => {
      link.stop();
    };
  }, [link, wantsKeys]);
  useWayOut(target, link);
  useReturnOfNetwork(link);
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

/** Shift+Esc gives the keyboard back to the page: the desktop takes every other key (WCAG 2.1.2). */
function useWayOut(target: RefObject<HTMLDivElement | null>, link: DesktopLink): void {
  useEffect(() => {
    const element = target.current;
    const leave = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      letGo(link.shown, element);
    };
    element?.addEventListener("keydown", leave, { capture: true });
    return () => {
      element?.removeEventListener("keydown", leave, { capture: true });
    };
  }, [target, link]);
}

function letGo(surface: Surface | undefined, element: HTMLElement | null): void {
  surface?.release();
  element?.closest("section")?.querySelector<HTMLElement>("button")?.focus();
}

/** A device that has a network again need not wait for the next try. */
export function useReturnOfNetwork(link: Pick<DesktopLink, "retryNow">): void {
  useEffect(() => {
    window.addEventListener("online", link.retryNow);
    return () => {
      window.removeEventListener("online", link.retryNow);
    };
  }, [link]);
}
