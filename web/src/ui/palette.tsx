import { Modal } from "@mantine/core";
import { IconSearch, type Icon } from "@tabler/icons-react";
import { useId, useState, type KeyboardEvent, type ReactNode } from "react";

import { t } from "../i18n";
import classes from "./palette.module.css";

export interface Command {
  id: string;
  group: string;
  name: string;
  /** Other words that it is found by. */
  words?: string;
  /** Beside its name: keys, a state. */
  aside?: ReactNode;
  Icon: Icon;
  run: () => void;
}

interface Props {
  opened: boolean;
  close: () => void;
  text: string;
  write: (text: string) => void;
  /** In order; those of one group stand together. */
  commands: readonly Command[];
  /** Below the list: why the last command came to nothing. */
  children?: ReactNode;
}

/** A field that finds commands, and the list of those found: a combobox as ARIA's practices describe it. */
export function Palette({ opened, close, text, write, commands, children }: Props) {
  const list = useId();
  const [at, setAt] = useState(0);
  const chosen = Math.min(at, Math.max(0, commands.length - 1));
  const optionId = (index: number): string => `${list}-${index}`;
  const go = (index: number): void => {
    setAt(index);
    document.getElementById(optionId(index))?.scrollIntoView({ block: "nearest" });
  };
  const press = (event: KeyboardEvent): void => {
    const next = moved(event.key, chosen, commands.length);
    if (event.key === "Enter" && !event.nativeEvent.isComposing) commands[chosen]?.run();
    else if (next !== null) go(next);
    else return;
    event.preventDefault();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t("palette.title")}
      size="lg"
      radius="lg"
      yOffset="12dvh"
      classNames={{ header: classes.header ?? "", title: classes.title ?? "", body: classes.body ?? "" }}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <div className={classes.field}>
        <IconSearch size={18} aria-hidden="true" />
        <input
          data-autofocus
          role="combobox"
          aria-expanded={commands.length > 0}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={commands.length > 0 ? optionId(chosen) : undefined}
          aria-label={t("palette.field")}
          placeholder={t("palette.placeholder")}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onKeyDown={press}
          onChange={({ currentTarget: { value } }) => {
            write(value);
            setAt(0);
          }}
        />
      </div>
      <p role="status" className={classes.none} hidden={commands.length > 0}>
        {commands.length === 0 && t("palette.nothing")}
      </p>
      <div id={list} role="listbox" aria-label={t("palette.title")} className={classes.list}>
        {groupsOf(commands).map(({ name, first, members }) => (
          <div key={name} role="group" aria-label={name}>
            <div className={classes.group} aria-hidden="true">
              {name}
            </div>
            {members.map((command, index) => (
              <Option
                key={command.id}
                id={optionId(first + index)}
                command={command}
                selected={first + index === chosen}
                point={() => {
                  setAt(first + index);
                }}
              />
            ))}
          </div>
        ))}
      </div>
      {children}
    </Modal>
  );
}

interface OptionProps {
  id: string;
  command: Command;
  selected: boolean;
  point: () => void;
}

/** The focus stays in the field: an option is pointed at or chosen, never entered. */
function Option({ id, command, selected, point }: OptionProps) {
  return (
    <div
      id={id}
      role="option"
      aria-selected={selected}
      className={classes.option}
      onPointerMove={point}
      onMouseDown={(event) => {
        event.preventDefault();
      }}
      onClick={command.run}
    >
      <command.Icon size={18} aria-hidden="true" />
      <span className={classes.name}>{command.name}</span>
      {command.aside !== undefined && <span className={classes.aside}>{command.aside}</span>}
    </div>
  );
}

/** Which option a key leads to; null for a key of the field's own. */
export function moved(key: string, at: number, count: number): number | null {
  if (count === 0) return null;
  if (key === "ArrowDown") return (at + 1) % count;
  if (key === "ArrowUp") return (at + count - 1) % count;
  if (key === "PageDown") return count - 1;
  return key === "PageUp" ? 0 : null;
}

interface Group {
  name: string;
  /** The place of its first command among all. */
  first: number;
  members: Command[];
}

function groupsOf(commands: readonly Command[]): Group[] {
  const groups: Group[] = [];
  commands.forEach((command, index) => {
    const last = groups.at(-1);
    if (last?.name === command.group) last.members.push(command);
    else groups.push({ name: command.group, first: index, members: [command] });
  });
  return groups;
}

/** Those in whose name, group or words every word of the text occurs. */
export function fitting(commands: readonly Command[], text: string): Command[] {
  const sought = text.toLowerCase().split(/\s+/);
  return commands.filter(({ name, group, words = "" }) => {
    const said = `${name} ${group} ${words}`.toLowerCase();
    return sought.every((word) => said.includes(word));
  });
}
