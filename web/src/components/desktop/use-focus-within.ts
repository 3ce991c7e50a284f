import { useEffect, useState, type RefObject } from "react";

/** Whether something in the element has the focus: keys go there. */
export function useFocusWithin(element: RefObject<HTMLElement | null>): boolean {
  const [within, setWithin] = useState(false);
  useEffect(() => {
    const look = (): void => {
      setWithin(element.current?.contains(document.activeElement) ?? false);
    };
    // noVNC takes its canvas away on a loss, and no browser tells of the focus that goes with it.
    const changes = new MutationObserver(look);
    if (element.current !== null) changes.observe(element.current, { childList: true });
    document.addEventListener("focusin", look);
    document.addEventListener("focusout", look);
    return () => {
      changes.disconnect();
      document.removeEventListener("focusin", look);
      document.removeEventListener("focusout", look);
    };
  }, [element]);
  return within;
}
