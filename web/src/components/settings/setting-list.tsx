import { Fragment } from "react";

import type { Setting, SettingSource } from "../../api/types";
import { rich, t, type PlainKey } from "../../i18n";
import { Pill } from "../../ui/pill";
import classes from "./setting-list.module.css";

const SOURCES: Record<SettingSource, PlainKey> = {
  environment: "settings.fromEnvironment",
  file: "settings.fromFile",
  default: "settings.fromDefault",
};

/** Settings of one group: each with its value, where that came from, and what it is for. */
export function SettingList({ settings }: { settings: readonly Setting[] }) {
  return (
    <ul className={classes.list}>
      {settings.map((setting) => (
        <li key={setting.name} className={classes.setting} data-changed={setting.source !== "default"}>
          <div className={classes.head}>
            <h3>{setting.name}</h3>
            {setting.source !== "default" && <Pill tone="good">{t(SOURCES[setting.source])}</Pill>}
          </div>
          <Value setting={setting} />
          <p className={classes.text} lang="en">
            {withCode(setting.text)}
          </p>
          {setting.variable !== setting.name && <code className={classes.variable}>{setting.variable}</code>}
        </li>
      ))}
    </ul>
  );
}

function Value({ setting: { secret, is_set, value, source, default: usual } }: { setting: Setting }) {
  if (secret)
    return <p className={classes.value}>{is_set ? t("settings.setNotShown") : t("settings.notSet")}</p>;
  return (
    <p className={classes.value}>
      {value === null ? <span className={classes.soft}>{t("settings.notSet")}</span> : <code>{value}</code>}
      {source !== "default" && (
        <span className={classes.soft}>
          {" "}
          {rich("settings.insteadOf", {
            usual: usual === null ? t("settings.nothing") : <code>{usual}</code>,
          })}
        </span>
      )}
    </p>
  );
}

/** Markdown of one line, as far as settings use it: what is between backticks is code. */
function withCode(text: string) {
  return text
    .split("`")
    .map((part, index) => <Fragment key={index}>{index % 2 === 1 ? <code>{part}</code> : part}</Fragment>);
}
