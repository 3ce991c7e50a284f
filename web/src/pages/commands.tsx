import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCommand } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useLocation } from "wouter";

import type { Me } from "../api/types";
import { t } from "../i18n";
import { commandKey } from "../ui/keys";
import { destinationsOf } from "./destinations";
import type { Meaning } from "./key-chords";
import { useKeyChords } from "./use-key-chords";

const Palette = lazy(async () => ({ default: (await import("./palette")).Palette }));
const ShortcutsDialog = lazy(async () => ({ default: (await import("./shortcuts-dialog")).ShortcutsDialog }));

type Open = "palette" | "shortcuts" | null;

/** The page's keys, and a button for who has none; what they open is loaded when it is first asked for. */
export function Commands({ me }: { me: Me }) {
  const [open, setOpen] = useState<Open>(null);
  const [, navigate] = useLocation();
  const destinations = destinationsOf(me);
  const close = (): void => {
    setOpen(null);
  };
  const act = (meaning: Meaning): boolean => {
    if (meaning.kind !== "go") {
      setOpen(meaning.kind);
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
            setOpen("palette");
          }}
        >
          <IconCommand size={19} />
        </ActionIcon>
      </Tooltip>
      <Suspense>
        {open === "palette" && (
          <Palette
            opened
            close={close}
            me={me}
            showShortcuts={() => {
              setOpen("shortcuts");
            }}
          />
        )}
        {open === "shortcuts" && <ShortcutsDialog opened close={close} destinations={destinations} />}
      </Suspense>
    </>
  );
}
