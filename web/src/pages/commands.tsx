import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCommand } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";

import type { Me } from "../api/types";
import { t } from "../i18n";
import { commandKey } from "../ui/keys";
import classes from "./commands.module.css";
import { CrashGate } from "./crash-gate";
import { destinationsOf } from "./destinations";
import type { Meaning } from "./key-chords";
import { useKeyChords } from "./use-key-chords";

const Palette = lazy(async () => ({ default: (await import("./palette")).Palette }));
const ShortcutsDialog = lazy(async () => ({ default: (await import("./shortcuts-dialog")).ShortcutsDialog }));

type Open = "palette" | "shortcuts" | null;

/** The page's keys, and a button for who has none; what they open is loaded when it is first asked for. */
export function Commands({ me }: { me: Me }) {
  const { open, show, close } = useDialogs();
  const [, navigate] = useLocation();
  const destinations = destinationsOf(me);
  const act = (meaning: Meaning): boolean => {
    if (meaning.kind !== "go") {
      show(meaning.kind);
      return true;
    }
    const target = destinations.find(({ letter }) => letter === meaning.letter);
    if (target !== undefined) navigate(target.path);
    return target !== undefined;
  };
  useKeyChords(act);
  const label = t("palette.button", { keys: commandKey(navigator.userAgent) });
  return (
    <>
      <Tooltip label={label}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={label}
          aria-haspopup="dialog"
          onClick={() => {
            show("palette");
          }}
        >
          <IconCommand size={19} />
        </ActionIcon>
      </Tooltip>
      <div className={classes.crashed}>
        <CrashGate onCrash={close}>
          <Suspense>
            {open === "palette" && (
              <Palette
                close={close}
                me={me}
                showShortcuts={() => {
                  show("shortcuts");
                }}
              />
            )}
            {open === "shortcuts" && <ShortcutsDialog close={close} destinations={destinations} />}
          </Suspense>
        </CrashGate>
      </div>
    </>
  );
}

/** Which one is open; when none is, the focus goes back to where it was before the first. */
function useDialogs() {
  const [open, setOpen] = useState<Open>(null);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    if (open !== null || !(before.current instanceof HTMLElement)) return;
    before.current.focus({ preventScroll: true });
    before.current = null;
  }, [open]);
  const show = (wanted: Open): void => {
    // One that is opened from another leads back to where that one was opened.
    if (open === null) before.current = document.activeElement;
    setOpen(wanted);
  };
  const close = (): void => {
    setOpen(null);
  };
  return { open, show, close };
}
