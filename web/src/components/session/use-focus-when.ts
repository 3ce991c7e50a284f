import { useEffect, useRef, type RefObject } from "react";

const TYPING = "input, textarea, [role=dialog] *";

/**
 * Gives the field the focus when it is asked for, unless the person is typing elsewhere: the rest of a password
 * must not land in it.  A desktop that has the focus because it appeared, and no more, gives way.
 */
export function useFocusWhen(field: RefObject<HTMLInputElement | null>, asked: boolean): void {
  const inDesktop = useDesktopInUse();
  useEffect(() => {
    const typing = inDesktop.current || (document.activeElement?.matches(TYPING) ?? false);
    if (asked && !typing) field.current?.focus();
  }, [field, asked, inDesktop]);
}

/** Whether the last key or click went to the desktop; what was before this field is not known, so taken for one. */
function useDesktopInUse(): RefObject<boolean> {
  const used = useRef(document.activeElement instanceof HTMLCanvasElement);
  useEffect(() => {
    const note = (event: Event): void => {
      used.current = event.target instanceof HTMLCanvasElement;
    };
    for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, note, { capture: true });
    return () => {
      for (const kind of ["keydown", "pointerdown"])
        document.removeEventListener(kind, note, { capture: true });
    };
  }, []);
  return used;
}
