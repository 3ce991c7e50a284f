import { Button, Skeleton, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconAdjustments } from "@tabler/icons-react";
import { useSearchParams } from "wouter";

import { asProblem } from "../api/problem";
import { settingsQuery } from "../api/settings-queries";
import type { Setting, SettingsInForce } from "../api/types";
import { SettingList } from "../components/settings/setting-list";
import { rich, t, type PlainKey } from "../i18n";
import { EmptyState } from "../ui/empty-state";
import { PageHead } from "../ui/page-head";
import { Panel } from "../ui/panel";
import { ProblemPanel } from "../ui/problem-panel";
import { SearchBox } from "../ui/search-box";
import { OperatorOnly } from "./operator-only";
import classes from "./settings-page.module.css";

const GROUPS: readonly { name: string; title: PlainKey }[] = [
  { name: "controller", title: "settings.controller" },
  { name: "viewers", title: "settings.viewers" },
  { name: "room", title: "settings.room" },
  { name: "deadlines", title: "settings.deadlines" },
  { name: "environment", title: "settings.environment" },
];

/** The settings in force; for the operator, and to be read only. */
export function SettingsPage() {
  return (
    <>
      <PageHead title={t("settings.title")}>{t("settings.about")}</PageHead>
      <OperatorOnly what={t("settings.theList")}>
        <InForce />
      </OperatorOnly>
    </>
  );
}

function InForce() {
  const settings = useQuery(settingsQuery);
  if (settings.isPending) return <Skeleton height={480} radius="lg" />;
  if (settings.isError) {
    return (
      <ProblemPanel
        title={t("settings.unreadable")}
        problem={asProblem(settings.error)}
        action={<Button onClick={() => void settings.refetch()}>{t("common.tryAgain")}</Button>}
      />
    );
  }
  return <Found inForce={settings.data} />;
}

function Found({ inForce }: { inForce: SettingsInForce }) {
  const [search, setSearch] = useSearchParams();
  const text = search.get("q") ?? "";
  const changed = search.get("changed") === "yes";
  const fitting = inForce.settings.filter((each) => fits(each, text, changed));
  const put = (name: string, value: string) => {
    setSearch(
      (now) => {
        const next = new URLSearchParams(now);
        if (value === "") next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  };
  return (
    <div className={classes.parts}>
      <div className={classes.tools} role="search" aria-label={t("settings.narrow")}>
        <div className={classes.search}>
          <SearchBox
            text={text}
            label={t("settings.find")}
            placeholder={t("settings.placeholder")}
            search={(sought) => {
              put("q", sought);
            }}
          />
        </div>
        <Switch
          label={t("settings.onlyChanged")}
          checked={changed}
          onChange={({ currentTarget: { checked } }) => {
            put("changed", checked ? "yes" : "");
          }}
        />
        <span className={classes.file}>
          {inForce.file === null ? (
            t("settings.noFile")
          ) : (
            <>{rich("settings.readFrom", { file: inForce.file })}</>
          )}
        </span>
      </div>
      {fitting.length === 0 && (
        <EmptyState icon={<IconAdjustments size={32} />} title={t("common.nothingFits")}>
          {changed ? t("settings.restAsItComes") : t("settings.noSetting")}
        </EmptyState>
      )}
      {GROUPS.map(({ name, title }) => (
        <Group key={name} title={t(title)} settings={fitting.filter(({ group }) => group === name)} />
      ))}
    </div>
  );
}

function Group({ title, settings }: { title: string; settings: readonly Setting[] }) {
  if (settings.length === 0) return null;
  return (
    <Panel title={title}>
      <SettingList settings={settings} />
    </Panel>
  );
}

function fits({ name, variable, text, source }: Setting, sought: string, changed: boolean): boolean {
  if (changed && source === "default") return false;
  return `${name} ${variable} ${text}`.toLowerCase().includes(sought.trim().toLowerCase());
}
