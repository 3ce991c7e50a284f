/** Full screen, and with it the keys that a browser otherwise keeps for itself and the system. */

import { useEffect, useState, type RefObject } from "react";

/** Keyboard Lock (WICG); Chromium alone has it, and only in full screen it does something. */
interface WithKeyboardLock {
  keyboard?: { lock: () => Promise<void>; unlock: () => void };
}

const keyboard = (): WithKeyboardLock["keyboard"] => (navigator as WithKeyboardLock).keyboard;

export interface FullScreen {
  /** False where the browser shows no part of a page in full screen (phones of Apple). */
  possible: boolean;
  on: boolean;
  /** Whether Alt+Tab, Escape and the like reach the page now. */
  allKeys: boolean;
  toggle: () => void;
}

export function useFullScreen(element: RefObject<HTMLElement | null>): FullScreen {
  const [on, setOn] = useState(false);
  const [allKeys, setAllKeys] = useState(false);
  useEffect(() => {
    const look = (): void => {
      const full = element.current !== null && document.fullscreenElement === element.current;
      setOn(full);
      setAllKeys(false);
      // Another view may be in full screen: the lock is then that one's.
      if (document.fullscreenElement === null) keyboard()?.unlock();
      else if (full)
        void keyboard()
          ?.lock()
          .then(
            () => {
              setAllKeys(document.fullscreenElement === element.current);
            },
            () => undefined, // refused: full screen is of use without it
          );
    };
    document.addEventListener("fullscreenchange", look);
    return () => {
      document.removeEventListener("fullscreenchange", look);
    };
  }, [element]);
  const toggle = (): void => {
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else void element.current?.requestFullscreen();
  };
  return { possible: document.fullscreenEnabled, on, allKeys, toggle };
}
