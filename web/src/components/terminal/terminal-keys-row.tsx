import { IconArrowDown, IconArrowLeft, IconArrowRight, IconArrowUp } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { t, type PlainKey } from "../../i18n";
import desktop from "../desktop/desktop.module.css";
import { ScreenKey } from "../desktop/keys-row";
import { TERMINAL_KEYS, type TerminalKey } from "./terminal-keys";

const WORDS: Readonly<Record<TerminalKey, PlainKey>> = {
  escape: "desktop.esc",
  tab: "desktop.tab",
  interrupt: "viewing.ctrlC",
  left: "desktop.left",
  up: "desktop.up",
  down: "desktop.down",
  right: "desktop.right",
};

const PICTURES: Readonly<Partial<Record<TerminalKey, ReactNode>>> = {
  left: <IconArrowLeft size={16} />,
  up: <IconArrowUp size={16} />,
  down: <IconArrowDown size={16} />,
  right: <IconArrowRight size={16} />,
};

/** Without `press` there is no terminal. */
export function TerminalKeysRow({ press }: { press: ((key: TerminalKey) => void) | undefined }) {
  return (
    <div className={desktop.keys} role="group" aria-label={t("desktop.onScreenKeys")}>
      {TERMINAL_KEYS.map((key) => (
        <ScreenKey
          key={key}
          words={t(WORDS[key])}
          disabled={press === undefined}
          onPress={() => press?.(key)}
        >
          {PICTURES[key] ?? t(WORDS[key])}
        </ScreenKey>
      ))}
    </div>
  );
}
