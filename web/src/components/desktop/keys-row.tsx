import { VisuallyHidden } from "@mantine/core";
import { IconArrowDown, IconArrowLeft, IconArrowRight, IconArrowUp } from "@tabler/icons-react";
import type { MouseEvent, ReactNode } from "react";

import { t, type PlainKey } from "../../i18n";
import classes from "./desktop.module.css";
import { KEYS, type Modifier } from "./keysyms";
import type { Hold } from "./sticky-modifiers";
import type { OnScreenKeys } from "./use-on-screen-keys";

const MODIFIERS: Record<Modifier, PlainKey> = {
  control: "desktop.ctrl",
  alt: "desktop.alt",
  shift: "desktop.shift",
  super: "desktop.super",
};

const HOLD_WORDS: Record<Exclude<Hold, "off">, PlainKey> = {
  once: "desktop.heldOnce",
  locked: "desktop.heldLocked",
};

interface Props {
  keys: OnScreenKeys;
  disabled: boolean;
}

/** Keys that phones lack and that browsers keep for themselves. */
export function KeysRow({ keys, disabled }: Props) {
  const key = (name: keyof typeof KEYS, words: string, picture?: ReactNode): ReactNode => (
    <ScreenKey
      words={words}
      disabled={disabled}
      onPress={() => {
        keys.press(KEYS[name]);
      }}
    >
      {picture ?? words}
    </ScreenKey>
  );
  return (
    <div className={classes.keys} role="group" aria-label={t("desktop.onScreenKeys")}>
      {key("escape", t("desktop.esc"))}
      {key("tab", t("desktop.tab"))}
      {key("enter", t("desktop.enter"))}
      {(Object.keys(MODIFIERS) as Modifier[]).map((modifier) => (
        <ScreenKey
          key={modifier}
          words={t(MODIFIERS[modifier])}
          hold={keys.holds[modifier]}
          disabled={disabled}
          onPress={() => {
            keys.hold(modifier);
          }}
        >
          {t(MODIFIERS[modifier])}
        </ScreenKey>
      ))}
      <span className={classes.arrows}>
        {key("left", t("desktop.left"), <IconArrowLeft size={16} />)}
        {key("up", t("desktop.up"), <IconArrowUp size={16} />)}
        {key("down", t("desktop.down"), <IconArrowDown size={16} />)}
        {key("right", t("desktop.right"), <IconArrowRight size={16} />)}
      </span>
      <ScreenKey words={t("desktop.ctrlAltDel")} disabled={disabled} onPress={keys.attention}>
        {t("desktop.ctrlAltDel")}
      </ScreenKey>
    </div>
  );
}

interface KeyProps {
  words: string;
  hold?: Hold;
  disabled: boolean;
  onPress: () => void;
  children: ReactNode;
}

/** `hold`: of a modifier. */
export function ScreenKey({ words, hold, disabled, onPress, children }: KeyProps) {
  return (
    <button
      type="button"
      className={classes.key}
      aria-label={words}
      aria-pressed={hold === undefined ? undefined : hold !== "off"}
      data-hold={hold}
      disabled={disabled}
      onMouseDown={keepFocus}
      onClick={onPress}
    >
      {children}
      {hold !== undefined && hold !== "off" && (
        <VisuallyHidden role="status">
          {t("desktop.keyIs", { words, hold: t(HOLD_WORDS[hold]) })}
        </VisuallyHidden>
      )}
    </button>
  );
}

/** A phone's keyboard goes when its field loses the focus. */
function keepFocus(event: MouseEvent): void {
  event.preventDefault();
}
