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
  close: () => void;
  text: string;
  write: (text: string) => void;
  /** In order; those of one group stand together. */
  commands: readonly Command[];
  /** Whether they are all that there are of the text. */
  whole: boolean;
  /** Below the list: why the last command came to nothing. */
  children?: ReactNode;
}

/** A field that finds commands, and the list of those found: a combobox as ARIA's practices describe it. */
export function Palette({ close, text, write, commands, whole, children }: Props) {
  const list = useId();
  const [at, setAt] = useState(0);
  const chosen = Math.min(at, Math.max(0, commands.length - 1));
  const none = whole && commands.length === 0;
  const press = (event: KeyboardEvent): void => {
    const next = moved(event.key, chosen, commands.length);
    if (event.key === "Enter" && !event.nativeEvent.isComposing) commands[chosen]?.run();
    else if (next !== null) {
      setAt(next);
      document.getElementById(optionId(list, next))?.scrollIntoView({ block: "nearest" });
    } else return;
    event.preventDefault();
  };
  return (
    <Modal
      opened
      onClose={close}
      title={t("palette.title")}
      size="lg"
      radius="lg"
      yOffset="12dvh"
      classNames={{ header: classes.header ?? "", title: classes.title ?? "", body: classes.body ?? "" }}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Field
        list={list}
        chosen={commands.length === 0 ? null : chosen}
        text={text}
        press={press}
        write={(typed) => {
          write(typed);
          setAt(0);
        }}
      />
      <p role="status" className={classes.none} hidden={!none}>
        {none && t("palette.nothing")}
      </p>
      <List id={list} commands={commands} chosen={chosen} point={setAt} />
      <div className={classes.told}>{children}</div>
    </Modal>
  );
}

const optionId = (list: string, index: number): string => `${list}-${index}`;

interface FieldProps {
  list: string;
  /** The option that Enter takes; null: there is none. */
  chosen: number | null;
  text: string;
  press: (event: KeyboardEvent) => void;
  write: (text: string) => void;
}

function Field({ list, chosen, text, press, write }: FieldProps) {
  return (
    <div className={classes.field}>
      <IconSearch size={18} aria-hidden="true" />
      <input
        data-autofocus
        role="combobox"
        aria-expanded={chosen !== null}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={chosen === null ? undefined : optionId(list, chosen)}
        aria-label={t("palette.field")}
        placeholder={t("palette.placeholder")}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onKeyDown={press}
        onChange={({ currentTarget: { value } }) => {
          write(value);
        }}
      />
    </div>
  );
}

interface ListProps {
  id: string;
  commands: readonly Command[];
  chosen: number;
  point: (index: number) => void;
}

function List({ id, commands, chosen, point }: ListProps) {
  return (
    <div id={id} role="listbox" aria-label={t("palette.title")} className={classes.list}>
      {groupsOf(commands).map(({ name, first, members }) => (
        <div key={name} role="group" aria-label={name}>
          <div className={classes.group} aria-hidden="true">
            {name}
          </div>
          {members.map((command, index) => (
            <Option
              key={command.id}
              id={optionId(id, first + index)}
              command={command}
              selected={first + index === chosen}
              point={() => {
                point(first + index);
              }}
            />
          ))}
        </div>
      ))}
    </div>
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
