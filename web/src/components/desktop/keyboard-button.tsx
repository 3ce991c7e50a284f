import { IconKeyboard, IconKeyboardOff } from "@tabler/icons-react";

import { t } from "../../i18n";
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
  const where = captured ? t("desktop.keysGo", { all: allKeys ? "yes" : "no" }) : t("desktop.keysStay");
  const hint = captured
    ? `${t("desktop.keysGoHint", { where })}${allKeys ? "" : ` ${t("desktop.altTabHint")}`}`
    : t("desktop.keysStayHint", { where });
  return (
    <span className={classes.keyboard} data-captured={captured}>
      <ToolButton
        label={t("desktop.typeInto")}
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
