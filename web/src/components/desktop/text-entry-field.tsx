import { Tooltip } from "@mantine/core";
import { IconKeyboardShow } from "@tabler/icons-react";
import { useRef } from "react";

import { t } from "../../i18n";
import classes from "./desktop.module.css";
import { difference, isTypedWhileComposing, isWornOut, PADDING } from "./text-entry";

interface Props {
  /** There is no desktop: what is written now would be lost. */
  idle: boolean;
  enter: (erase: number, insert: string) => void;
}

/**
 * Opens a phone's keyboard, or an input method, and types into the machine what it writes, in any script.
 *
 * The field lies unseen over its picture: a touch on it is a touch on a field, after which alone phones show
 * their keyboard.
 */
export function TextEntryField({ idle, enter }: Props) {
  const typed = useRef(PADDING);
  const follow = (field: HTMLTextAreaElement, composed: string | null): void => {
    if (composed !== null && !isTypedWhileComposing(composed)) return;
    const { erase, insert } = difference(typed.current, field.value);
    typed.current = field.value;
    enter(erase, insert);
    if (composed === null && isWornOut(field.value)) begin(field);
  };
  const begin = (field: HTMLTextAreaElement): void => {
    field.value = PADDING;
    goToEnd(field);
    typed.current = PADDING;
  };
  return (
    <Tooltip label={t("desktop.deviceKeyboardHint")} withinPortal={false} multiline maw={260} openDelay={300}>
      <span className={classes.entry}>
        <IconKeyboardShow size={18} aria-hidden="true" />
        <textarea
          aria-label={t("desktop.deviceKeyboard")}
          rows={1}
          readOnly={idle}
          autoCapitalize="none"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          onFocus={(event) => {
            begin(event.currentTarget);
          }}
          onSelect={(event) => {
            goToEnd(event.currentTarget);
          }}
          onInput={(event) => {
            const { isComposing, data } = event.nativeEvent;
            follow(event.currentTarget, isComposing ? (data ?? "") : null);
          }}
          onCompositionEnd={(event) => {
            follow(event.currentTarget, null);
          }}
        />
      </span>
    </Tooltip>
  );
}

/** A touch puts the cursor where it is, but in the machine it stays behind what was typed last. */
function goToEnd(field: HTMLTextAreaElement): void {
  const end = field.value.length;
  if (field.selectionStart !== end || field.selectionEnd !== end) field.setSelectionRange(end, end);
}
