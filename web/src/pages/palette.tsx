import { useState } from "react";

import { asProblem } from "../api/problem";
import type { Me } from "../api/types";
import { t } from "../i18n";
import { fitting, Palette as Frame, type Command } from "../ui/palette";
import { ProblemPanel } from "../ui/problem-panel";
import { useCommands } from "./use-commands";
import { useFoundRows } from "./use-found-rows";

interface Props {
  close: () => void;
  me: Me;
  showShortcuts: () => void;
}

/** All that can be done from anywhere; sessions and machines are found by what is typed. */
export function Palette({ close, me, showShortcuts }: Props) {
  const [text, setText] = useState("");
  const leave = (): void => {
    setText("");
    close();
  };
  const { commands, error, unread } = useCommands({ me, leave, showShortcuts });
  const rows = useFoundRows(text, leave);
  const found: Command[] = [...fitting(commands, text), ...rows.commands];
  const lost = unread ?? rows.error;
  return (
    <Frame close={leave} text={text} write={setText} commands={found} whole={rows.whole && lost === null}>
      {lost !== null && <ProblemPanel title={t("palette.notAllFound")} problem={asProblem(lost)} />}
      {error !== null && <ProblemPanel title={t("palette.failed")} problem={asProblem(error)} />}
    </Frame>
  );
}
