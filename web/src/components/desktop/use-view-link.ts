import { useEffect, useRef, useState, useSyncExternalStore } from "react";

import type { Connection } from "./connection";
import { DesktopLink, type Closable, type LinkParts } from "./desktop-link";

interface ViewLink<S extends Closable> {
  link: DesktopLink<S>;
  state: Connection;
}

/** A `DesktopLink` of a component; what it asks for is what the newest `parts` say.  It waits for `begun`. */
export function useViewLink<S extends Closable>(
  parts: Omit<LinkParts<S>, "now" | "chance">,
  begun = true,
): ViewLink<S> {
  const latest = useRef(parts);
  const [link] = useState(() => new DesktopLink<S>());
  const state = useSyncExternalStore(link.subscribe, link.current);
  useEffect(() => {
    latest.current = parts;
  });
  useEffect(() => {
    if (!begun) return undefined;
    link.start({
      askTicket: () => latest.current.askTicket(),
      askSession: () => {
        latest.current.askSession();
      },
      openSurface: (ticket, listeners) => latest.current.openSurface(ticket, listeners),
      restoreFocus: (surface) => {
        latest.current.restoreFocus(surface);
      },
      onTold: (text) => {
        latest.current.onTold(text);
      },
      isAwaited: () => latest.current.isAwaited(),
      now: () => performance.now(),
      chance: Math.random,
    });
    return () => {
      link.stop();
    };
  }, [link, begun]);
  useReturnOfNetwork(link);
  return { link, state };
}

/** A device that has a network again need not wait for the next try. */
function useReturnOfNetwork(link: Pick<DesktopLink, "retryNow">): void {
  useEffect(() => {
    window.addEventListener("online", link.retryNow);
    return () => {
      window.removeEventListener("online", link.retryNow);
    };
  }, [link]);
}
