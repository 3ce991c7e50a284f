import {
  IconArrowsMaximize,
  IconArrowsMinimize,
  IconClipboardCopy,
  IconCommand,
  IconWorld,
} from "@tabler/icons-react";

import type { ReactNode } from "react";

import { t } from "../../i18n";
import classes from "./desktop.module.css";
import type { Surface } from "./desktop-link";
import { KeyboardButton } from "./keyboard-button";
import { Readout } from "./readout";
import { TextEntryField } from "./text-entry-field";
import { ToolButton } from "./tool-button";
import { TypeText } from "./type-text";
import type { FullScreen } from "./use-full-screen";
import type { OnScreenKeys } from "./use-on-screen-keys";
import { ViewMenu } from "./view-menu";
import type { ViewSettings } from "./view-settings";

interface Props {
  pageTitle: string | null;
  /** The desktop on the screen; undefined while there is none. */
  surface: Surface | undefined;
  clipboard: string | null;
  /** Whether keys go to the machine. */
  captured: boolean;
  keys: OnScreenKeys;
  keysShown: boolean;
  showKeys: (shown: boolean) => void;
  settings: ViewSettings;
  choose: (settings: ViewSettings) => void;
  fullScreen: FullScreen;
  /** More buttons. */
  tools: ReactNode;
}

/** What can be done with the desktop besides using it; above it, never over it. */
export function Toolbar({ pageTitle, surface, clipboard, captured, fullScreen, ...rest }: Props) {
  return (
    <div className={classes.toolbar} role="group" aria-label={t("desktop.controls")}>
      <KeyboardButton
        captured={captured}
        allKeys={fullScreen.allKeys}
        disabled={surface === undefined}
        capture={() => surface?.focus()}
        release={() => surface?.release()}
      />
      <span className={classes.title} title={pageTitle ?? undefined}>
        <IconWorld size={16} aria-hidden="true" />
        <span>{pageTitle ?? t("desktop.desktop")}</span>
      </span>
      {surface !== undefined && <Readout surface={surface} />}
      {clipboard !== null && <CopyOut text={clipboard} />}
      <TextEntryField idle={surface === undefined} enter={rest.keys.enter} />
      <ToolButton
        label={t("desktop.onScreenKeys")}
        pressed={rest.keysShown}
        onClick={() => {
          rest.showKeys(!rest.keysShown);
        }}
      >
        <IconCommand size={18} />
      </ToolButton>
      <TypeText surface={surface} />
      {rest.tools}
      <ViewMenu settings={rest.settings} choose={rest.choose} />
      {fullScreen.possible && <FullScreenButton {...fullScreen} />}
    </div>
  );
}

function CopyOut({ text }: { text: string }) {
  return (
    <ToolButton
      label={t("desktop.copyOut")}
      onClick={() => {
        void navigator.clipboard.writeText(text);
      }}
    >
      <IconClipboardCopy size={18} />
    </ToolButton>
  );
}

function FullScreenButton({ on, toggle }: FullScreen) {
  return (
    <ToolButton label={on ? t("desktop.leaveFullScreen") : t("desktop.fullScreen")} onClick={toggle}>
      {on ? <IconArrowsMinimize size={18} /> : <IconArrowsMaximize size={18} />}
    </ToolButton>
  );
}
