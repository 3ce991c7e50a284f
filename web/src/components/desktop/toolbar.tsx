import { IconCommand, IconWorld } from "@tabler/icons-react";

import type { ReactNode } from "react";

import { t } from "../../i18n";
import { CopiedButton } from "../clipboard/copied-button";
import { PasteButton } from "../clipboard/paste-button";
import type { Clipboard } from "../clipboard/use-clipboard";
import { FilesButton } from "../files/files-button";
import type { Files } from "../files/use-files";
import classes from "./desktop.module.css";
import type { Surface } from "./desktop-link";
import { FullScreenButton } from "./full-screen-button";
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
  /** Passes texts to the machine and back. */
  clipboard: Clipboard;
  files: Files;
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
export function Toolbar({ pageTitle, surface, clipboard, files, captured, fullScreen, ...rest }: Props) {
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
      {surface !== undefined && <Readout surface={surface} hint={t("desktop.readoutHint")} />}
      <CopiedButton clipboard={clipboard} />
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
      <PasteButton clipboard={clipboard} disabled={surface === undefined} />
      <TypeText surface={surface} />
      <FilesButton files={files} />
      {rest.tools}
      <ViewMenu settings={rest.settings} choose={rest.choose} />
      <FullScreenButton fullScreen={fullScreen} />
    </div>
  );
}
