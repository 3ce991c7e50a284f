import { IconFileOff, IconUpload } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import { t } from "../../i18n";
import classes from "./files.module.css";
import { holdsFiles } from "./stray-drops";
import { givenIn, type Given } from "./upload-checks";
import type { Files } from "./use-files";

/** Over a view while files are dragged across its frame: dropped, they go into the machine's Downloads. */
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
    return watchDrags(frame, setOver, (given) => {
      latest.current.upload(given);
    });
  }, []);
  useEffect(() => {
    // Whether files may go in at all is known with the list.
    if (over && latest.current.downloads === null) latest.current.refresh();
  }, [over]);
  const allowed = files.downloads?.upload;
  const told = over && allowed !== undefined;
  return (
    <div ref={zone} className={classes.zone} data-over={told} aria-hidden={!told}>
      {told && (
        <p>
          {allowed ? (
            <IconUpload size={28} aria-hidden="true" />
          ) : (
            <IconFileOff size={28} aria-hidden="true" />
          )}
          {t(allowed ? "viewing.drop" : "viewing.noUpload")}
        </p>
      )}
    </div>
  );
}

/** Hears of files that are dragged over an element or any of its parts; returns what ends that. */
function watchDrags(
  frame: HTMLElement,
  setOver: (over: boolean) => void,
  onDrop: (given: Given[]) => void,
): () => void {
  /** Elements that the drag has entered and not left: it enters the next one before it leaves the last. */
  let depth = 0;
  const move = (event: DragEvent, by: number): void => {
    if (!holdsFiles(event)) return;
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
      const given = event.dataTransfer === null ? [] : givenIn(event.dataTransfer);
      if (given.length > 0) onDrop(given);
    },
  } as const;
  const names = ["dragenter", "dragover", "dragleave", "drop"] as const;
  for (const name of names) frame.addEventListener(name, handlers[name]);
  return () => {
    for (const name of names) frame.removeEventListener(name, handlers[name]);
  };
}
