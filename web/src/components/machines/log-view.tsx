import { ActionIcon, Switch, TextInput } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconSearch } from "@tabler/icons-react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { t } from "../../i18n";
import { matchesOf, piecesOf, step } from "./find";
import classes from "./log-view.module.css";

interface Props {
  name: string;
  text: string;
  /** Whether more may come. */
  live: boolean;
}

/** A log with a search of its own; while it is followed, its end stays in view. */
export function LogView({ name, text, live }: Props) {
  const [sought, setSought] = useState("");
  const [at, setAt] = useState(0);
  const [following, follow] = useState(true);
  const matches = useMemo(() => matchesOf(text, sought), [text, sought]);
  const present = Math.min(at, Math.max(0, matches.length - 1));
  const go = (by: 1 | -1) => {
    follow(false);
    setAt(step(present, by, matches.length));
  };
  return (
    <div className={classes.view}>
      <div className={classes.tools}>
        <TextInput
          className={classes.find ?? ""}
          type="search"
          aria-label={t("machines.findIn", { name })}
          placeholder={t("machines.findInLog")}
          leftSection={<IconSearch size={15} aria-hidden="true" />}
          value={sought}
          onChange={({ currentTarget: { value } }) => {
            setSought(value);
            setAt(0);
            if (value !== "") follow(false);
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
          }}
        />
        <Hits sought={sought} present={present} count={matches.length} go={go} />
        {live && (
          <Switch
            label={t("machines.follow")}
            checked={following}
            onChange={({ currentTarget: { checked } }) => {
              follow(checked);
            }}
          />
        )}
      </div>
      <Pane {...{ name, text, sought, matches, present, following }} />
    </div>
  );
}

interface PaneProps {
  name: string;
  text: string;
  sought: string;
  matches: readonly number[];
  present: number;
  following: boolean;
}

/** The text, scrolled to its end or to the match that is looked at. */
function Pane({ name, text, sought, matches, present, following }: PaneProps) {
  const pane = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    const element = pane.current;
    if (element !== null && following) element.scrollTop = element.scrollHeight;
  }, [text, following]);
  useEffect(() => {
    const element = pane.current;
    const match = element?.querySelector<HTMLElement>(`[data-match="${present}"]`);
    // The log alone is scrolled: scrollIntoView would move the page, too.
    if (element !== null && match) element.scrollTop = match.offsetTop - element.clientHeight / 2;
  }, [sought, present]);
  return (
    <pre
      ref={pane}
      className={classes.log}
      tabIndex={0}
      role="region"
      aria-label={t("machines.endOf", { name })}
    >
      {piecesOf(text, matches, sought.length).map((piece, index) =>
        piece.match === null ? (
          piece.text
        ) : (
          <mark key={index} data-match={piece.match} data-present={piece.match === present}>
            {piece.text}
          </mark>
        ),
      )}
      {text === "" && <span className={classes.soft}>{t("machines.nothingWritten")}</span>}
    </pre>
  );
}

interface HitsProps {
  sought: string;
  present: number;
  count: number;
  go: (by: 1 | -1) => void;
}

function Hits({ sought, present, count, go }: HitsProps) {
  if (sought === "") return null;
  return (
    <span className={classes.hits}>
      <span role="status">
        {count === 0 ? t("machines.notFound") : t("machines.hitOf", { hit: present + 1, count })}
      </span>
      <ActionIcon
        variant="default"
        aria-label={t("machines.matchBefore")}
        disabled={count === 0}
        onClick={() => {
          go(-1);
        }}
      >
        <IconChevronUp size={16} />
      </ActionIcon>
      <ActionIcon
        variant="default"
        aria-label={t("machines.nextMatch")}
        disabled={count === 0}
        onClick={() => {
          go(1);
        }}
      >
        <IconChevronDown size={16} />
      </ActionIcon>
    </span>
  );
}
