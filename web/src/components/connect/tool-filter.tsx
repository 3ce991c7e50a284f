import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";

import { t } from "../../i18n";
import classes from "./tool-filter.module.css";

interface Props {
  words: string;
  change: (words: string) => void;
  found: number;
  of: number;
}

/** Finds a tool among many, and says how many are left. */
export function ToolFilter({ words, change, found, of }: Props) {
  return (
    <div className={classes.filter} role="search" aria-label={t("connect.tools")}>
      <TextInput
        className={classes.box}
        type="search"
        aria-label={t("connect.findTool")}
        placeholder={t("connect.findTool")}
        leftSection={<IconSearch size={16} aria-hidden="true" />}
        value={words}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          change(event.currentTarget.value);
        }}
      />
      <span role="status">{countWords(found, of)}</span>
    </div>
  );
}

function countWords(found: number, of: number): string {
  if (found === of) return t("connect.toolCount", { count: of });
  return found === 0 ? t("connect.noTool") : t("connect.foundOf", { found, of });
}
