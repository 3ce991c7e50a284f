/** Loads noVNC before it is needed, when the browser has nothing better to do. */

/** Loads it now; whoever opens a desktop meets it loaded, or is told why it cannot be. */
export function loadViewer(): void {
  import("@novnc/novnc").catch(() => undefined);
}

/** Loads it once the page is at rest; the answer calls that off.  Safari has no idle callbacks: a second later. */
export function loadViewerWhenIdle(): () => void {
  if (typeof window.requestIdleCallback !== "function") {
    const timer = setTimeout(loadViewer, 1_000);
    return () => {
      clearTimeout(timer);
    };
  }
  const handle = window.requestIdleCallback(loadViewer);
  return () => {
    window.cancelIdleCallback(handle);
  };
}
