import { ActionIcon, Button, Kbd, Tooltip } from "@mantine/core";
import { IconClipboardCopy, IconMaximize, IconWorld } from "@tabler/icons-react";

import classes from "./desktop.module.css";
import type { Surface } from "./desktop-link";
import { TypeText } from "./type-text";

interface Props {
  pageTitle: string | null;
  /** The desktop on the screen; undefined while there is none. */
  surface: Surface | undefined;
  clipboard: string | null;
}

/** What can be done with the desktop besides using it. */
export function Toolbar({ pageTitle, surface, clipboard }: Props) {
  return (
    <div className={classes.toolbar}>
      <IconWorld size={16} aria-hidden="true" />
      <span className={classes.title} title={pageTitle ?? undefined}>
        {pageTitle ?? "Desktop"}
      </span>
      <span className={classes.hint}>
        <Kbd size="xs">Shift</Kbd>+<Kbd size="xs">Esc</Kbd> frees the keyboard
      </span>
      {clipboard !== null && <CopyOut text={clipboard} />}
      <TypeText surface={surface} />
      <Tooltip label="Full screen">
        <ActionIcon variant="subtle" color="gray" aria-label="Full screen" onClick={toggleFullScreen}>
          <IconMaximize size={17} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

function CopyOut({ text }: { text: string }) {
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      leftSection={<IconClipboardCopy size={16} />}
      onClick={() => {
        void navigator.clipboard.writeText(text);
      }}
    >
      Copy from machine
    </Button>
  );
}

function toggleFullScreen(event: React.MouseEvent<HTMLButtonElement>): void {
  if (document.fullscreenElement !== null) void document.exitFullscreen();
  else void event.currentTarget.closest("section")?.requestFullscreen();
}
