import { Button, NativeSelect, TextInput } from "@mantine/core";

import type { TablePage } from "../api/types";
import { t, type PlainKey } from "../i18n";
import { FacetButton, type FacetChoice } from "../ui/facet-button";
import { SearchBox } from "../ui/search-box";
import type { Column } from "./table-page";
import { isNarrowed, type TableSpec, type TableState } from "./table-state";
import classes from "./table-tools.module.css";

/** Names for people, where a value has one. */
export type FacetWords = Readonly<Record<string, Named>>;
type Named = Readonly<Record<string, PlainKey | { text: PlainKey }>>;

interface Props<Row> {
  spec: TableSpec;
  state: TableState;
  change: (change: Partial<TableState>) => void;
  columns: readonly Column<Row>[];
  facets: TablePage<Row>["facets"] | undefined;
  words: FacetWords;
  placeholder: string;
}

/** What narrows a table and, where its columns have no headings, sorts it. */
export function TableTools<Row>({ spec, state, change, columns, facets, words, placeholder }: Props<Row>) {
  return (
    <div className={classes.tools} role="search" aria-label={t("common.narrowTable")}>
      <div className={classes.search}>
        <SearchBox
          text={state.text}
          label={t("common.findRows")}
          placeholder={placeholder}
          search={(text) => {
            change({ text });
          }}
        />
      </div>
      {Object.entries(spec.facets).map(([key, name]) => (
        <FacetButton
          key={key}
          name={t(name)}
          choices={choicesOf(facets?.[key] ?? [], state.chosen[key] ?? [], words[key])}
          chosen={state.chosen[key] ?? []}
          choose={(values) => {
            change({ chosen: { ...state.chosen, [key]: values } });
          }}
        />
      ))}
      {spec.days && <Days state={state} change={change} />}
      <SortSelect columns={columns} state={state} change={change} />
      {isNarrowed(state) && (
        <Button
          variant="subtle"
          onClick={() => {
            change({ text: "", chosen: {}, from: "", to: "" });
          }}
        >
          {t("common.showAll")}
        </Button>
      )}
    </div>
  );
}

/** What is chosen stays in the list, though nothing of it may be left. */
function choicesOf(
  found: readonly { value: string; count: number }[],
  chosen: readonly string[],
  words: Named | undefined,
): FacetChoice[] {
  const gone = chosen.filter((value) => !found.some((each) => each.value === value));
  const all = [...found, ...gone.map((value) => ({ value, count: null }))];
  return all.map(({ value, count }) => ({ value, count, words: wordsOf(words?.[value], value) }));
}

/** An address may name any value: one without a name is called as it is. */
function wordsOf(named: Named[string] | undefined, value: string): string {
  if (named === undefined) return value;
  return t(typeof named === "string" ? named : named.text);
}

type ToolProps = Pick<Props<unknown>, "state" | "change">;

function Days({ state, change }: ToolProps) {
  return (
    <>
      <Day
        name={t("common.from")}
        label={t("common.fromDay")}
        width={58}
        value={state.from}
        max={state.to}
        choose={(from) => {
          change({ from });
        }}
      />
      <Day
        name={t("common.to")}
        label={t("common.toDay")}
        width={40}
        value={state.to}
        min={state.from}
        choose={(to) => {
          change({ to });
        }}
      />
    </>
  );
}

interface DayProps {
  name: string;
  /** Its name for whoever hears the page. */
  label: string;
  /** Pixels of the name before the date. */
  width: number;
  value: string;
  min?: string;
  max?: string;
  choose: (day: string) => void;
}

function Day({ name, label, width, value, min = "", max = "", choose }: DayProps) {
  return (
    <TextInput
      className={classes.day ?? ""}
      type="date"
      aria-label={label}
      leftSection={<span className={classes.prefix}>{name}</span>}
      leftSectionWidth={width}
      value={value}
      min={min === "" ? undefined : min}
      max={max === "" ? undefined : max}
      onChange={({ currentTarget }) => {
        choose(currentTarget.value);
      }}
    />
  );
}

function SortSelect<Row>({ columns, state, change }: ToolProps & { columns: readonly Column<Row>[] }) {
  const options = columns.flatMap(({ name, sort }) =>
    sort === undefined
      ? []
      : [
          { value: `${sort} desc`, label: t("common.lastFirst", { name: t(name) }) },
          { value: `${sort} asc`, label: t("common.firstFirst", { name: t(name) }) },
        ],
  );
  return (
    <NativeSelect
      className={classes.sort}
      aria-label={t("common.sortBy")}
      data={options}
      value={`${state.sort} ${state.order}`}
      onChange={({ currentTarget: { value } }) => {
        const [sort = "", order] = value.split(" ");
        change({ sort, order: order === "asc" ? "asc" : "desc" });
      }}
    />
  );
}
