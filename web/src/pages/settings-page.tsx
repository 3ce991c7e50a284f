import { Button, Skeleton, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconAdjustments } from "@tabler/icons-react";
import { useSearchParams } from "wouter";

import { asProblem } from "../api/problem";
import { settingsQuery } from "../api/settings-queries";
import type { Setting, SettingsInForce } from "../api/types";
import { SettingList } from "../components/settings/setting-list";
import { EmptyState } from "../ui/empty-state";
import { PageHead } from "../ui/page-head";
import { Panel } from "../ui/panel";
import { ProblemPanel } from "../ui/problem-panel";
import { SearchBox } from "../ui/search-box";
import { OperatorOnly } from "./operator-only";
import classes from "./settings-page.module.css";

const GROUPS: readonly { name: string; title: string }[] = [
  { name: "controller", title: "Controller" },
  { name: "room", title: "Room for machines" },
  { name: "deadlines", title: "Deadlines" },
  { name: "environment", title: "Other variables" },
];

/** The settings in force; for the operator, and to be read only. */
export function SettingsPage() {
  return (
    <>
      <PageHead title="Settings">
        As this controller was started with them. They are changed in the environment or the settings file,
        and read at the next start; secrets are never shown.
      </PageHead>
      <OperatorOnly what="The list of settings">
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
        title="Settings could not be read"
        problem={asProblem(settings.error)}
        action={<Button onClick={() => void settings.refetch()}>Try again</Button>}
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
      <div className={classes.tools} role="search" aria-label="Narrow the list">
        <div className={classes.search}>
          <SearchBox
            text={text}
            label="Find settings"
            placeholder="Name or meaning…"
            search={(sought) => {
              put("q", sought);
            }}
          />
        </div>
        <Switch
          label="Only what was changed"
          checked={changed}
          onChange={({ currentTarget: { checked } }) => {
            put("changed", checked ? "yes" : "");
          }}
        />
        <span className={classes.file}>
          {inForce.file === null ? (
            "No settings file was read."
          ) : (
            <>
              Read from <code>{inForce.file}</code>
            </>
          )}
        </span>
      </div>
      {fitting.length === 0 && (
        <EmptyState icon={<IconAdjustments size={32} />} title="Nothing fits">
          {changed ? "Everything else is as it comes." : "No setting is called so, or speaks of that."}
        </EmptyState>
      )}
      {GROUPS.map(({ name, title }) => (
        <Group key={name} title={title} settings={fitting.filter(({ group }) => group === name)} />
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
