import { IconUpload } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import { t } from "../../i18n";
import classes from "./files.module.css";
import type { Files } from "./use-files";

/** Over the desktop while files are dragged across its frame: dropped, they go into the machine's Downloads. */
export function DropZone({ files }: { files: Files }) {
  const zone = useRef<HTMLDivElement>(null);
  const [over, setOver] = useState(false);
  const latest = useRef(files);
  useEffect(() => {
    latest.current = files;
  });
  useEffect(() => {
    const frame = zone.current?.parentElement;
    if (frame === null || frame === undefined) return undefined;
    return watchDrags(frame, setOver, (dropped) => {
      latest.current.refresh();
      latest.current.upload(dropped);
    });
  }, []);
  return (
    <div ref={zone} className={classes.zone} data-over={over} aria-hidden={!over}>
      {over && (
        <p>
          <IconUpload size={28} aria-hidden="true" />
          {t("viewing.drop")}
        </p>
      )}
    </div>
  );
}

/** Hears of files that are dragged over an element or any of its parts; returns what ends that. */
function watchDrags(
  frame: HTMLElement,
  setOver: (over: boolean) => void,
  onDrop: (files: File[]) => void,
): () => void {
  /** Elements that the drag has entered and not left: it enters the next one before it leaves the last. */
  let depth = 0;
  const move = (event: DragEvent, by: number): void => {
    if (event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault(); // else the browser would open the file in place of this page
    depth = Math.max(0, depth + by);
    setOver(depth > 0);
  };
  const handlers = {
    dragenter: (event: DragEvent) => {
      move(event, 1);
    },
    dragover: (event: DragEvent) => {
      move(event, 0);
    },
    dragleave: (event: DragEvent) => {
      move(event, -1);
    },
    drop: (event: DragEvent) => {
      move(event, -depth);
      const dropped = Array.from(event.dataTransfer?.files ?? []);
      if (dropped.length > 0) onDrop(dropped);
    },
  } as const;
  const names = ["dragenter", "dragover", "dragleave", "drop"] as const;
  for (const name of names) frame.addEventListener(name, handlers[name]);
  return () => {
    for (const name of names) frame.removeEventListener(name, handlers[name]);
  };
}
