import { IconKeyboard, IconKeyboardOff } from "@tabler/icons-react";

import classes from "./desktop.module.css";
import { ToolButton } from "./tool-button";

interface Props {
  /** Whether keys go to the machine. */
  captured: boolean;
  /** With those of browser and system. */
  allKeys: boolean;
  disabled: boolean;
  capture: () => void;
  release: () => void;
}

/** Where the keyboard's keys go, and the way to change that. */
export function KeyboardButton({ captured, allKeys, disabled, capture, release }: Props) {
  const where = captured
    ? `Keys go to the machine${allKeys ? ", all of them" : ""}`
    : "Keys stay on this page";
  const hint = captured
    ? `${where}. Shift+Esc brings the keyboard back.${allKeys ? "" : " In full screen, some browsers hand over Alt+Tab and the like, too."}`
    : `${where}. Click the desktop, or here, to type into the machine.`;
  return (
    <span className={classes.keyboard} data-captured={captured}>
      <ToolButton
        label="Type into the machine"
        hint={hint}
        pressed={captured}
        disabled={disabled}
        onClick={captured ? release : capture}
      >
        {captured ? <IconKeyboard size={18} /> : <IconKeyboardOff size={18} />}
      </ToolButton>
      <span className={classes.where} role="status">
        {where}
      </span>
    </span>
  );
}
