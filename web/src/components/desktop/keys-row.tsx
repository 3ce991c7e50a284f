import { VisuallyHidden } from "@mantine/core";
import { IconArrowDown, IconArrowLeft, IconArrowRight, IconArrowUp } from "@tabler/icons-react";
import type { MouseEvent, ReactNode } from "react";

import classes from "./desktop.module.css";
import { KEYS, type Modifier } from "./keysyms";
import type { Hold } from "./sticky-modifiers";
import type { OnScreenKeys } from "./use-on-screen-keys";

const MODIFIERS: Record<Modifier, string> = { control: "Ctrl", alt: "Alt", shift: "Shift", super: "Super" };

const HOLD_WORDS: Record<Hold, string> = {
  off: "",
  once: "held for one key",
  locked: "held until pressed again",
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
    <div className={classes.keys} role="group" aria-label="On-screen keys">
      {key("escape", "Esc")}
      {key("tab", "Tab")}
      {key("enter", "Enter")}
      {(Object.keys(MODIFIERS) as Modifier[]).map((modifier) => (
        <ScreenKey
          key={modifier}
          words={MODIFIERS[modifier]}
          hold={keys.holds[modifier]}
          disabled={disabled}
          onPress={() => {
            keys.hold(modifier);
          }}
        >
          {MODIFIERS[modifier]}
        </ScreenKey>
      ))}
      <span className={classes.arrows}>
        {key("left", "Left", <IconArrowLeft size={16} />)}
        {key("up", "Up", <IconArrowUp size={16} />)}
        {key("down", "Down", <IconArrowDown size={16} />)}
        {key("right", "Right", <IconArrowRight size={16} />)}
      </span>
      <ScreenKey words="Ctrl+Alt+Del" disabled={disabled} onPress={keys.attention}>
        Ctrl+Alt+Del
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

function ScreenKey({ words, hold, disabled, onPress, children }: KeyProps) {
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
        <VisuallyHidden role="status">{`${words} is ${HOLD_WORDS[hold]}`}</VisuallyHidden>
      )}
    </button>
  );
}

/** A phone's keyboard goes when its field loses the focus. */
function keepFocus(event: MouseEvent): void {
  event.preventDefault();
}
