/** A file that is dropped where nothing takes it: a browser opens it in place of the page, and a sign-in is out of sight. */

import { useEffect } from "react";

export const holdsFiles = ({ dataTransfer }: DragEvent): boolean =>
  dataTransfer?.types.includes("Files") === true;

/** Refuses such files as long as the component is there. */
export function useNoStrayDrops(): void {
  useEffect(() => {
    const names = ["dragover", "drop"] as const;
    for (const name of names) window.addEventListener(name, refuse);
    return () => {
      for (const name of names) window.removeEventListener(name, refuse);
    };
  }, []);
}

function refuse(event: DragEvent): void {
  if (event.defaultPrevented || !holdsFiles(event)) return;
  event.preventDefault();
  if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "none";
}
