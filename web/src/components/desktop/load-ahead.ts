/** Loads noVNC before it is needed; whoever opens a desktop meets it loaded, or is told why it cannot be. */
export function loadViewer(): void {
  import("@novnc/novnc").catch(() => undefined);
}
