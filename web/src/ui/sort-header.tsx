import { IconArrowDown, IconArrowUp, IconArrowsSort } from "@tabler/icons-react";

import classes from "./sort-header.module.css";

export type Direction = "asc" | "desc";

interface Props {
  name: string;
  /** How the table is sorted by this column; null: it is not. */
  direction: Direction | null;
  sort: (direction: Direction) => void;
}

/** A column's name that sorts by it; the heading around it says how (`ariaSort`). */
export function SortHeader({ name, direction, sort }: Props) {
  const Icon = direction === null ? IconArrowsSort : direction === "asc" ? IconArrowUp : IconArrowDown;
  return (
    <button
      type="button"
      className={classes.button}
      data-sorted={direction !== null}
      onClick={() => {
        // What is sorted anew begins with the newest or last: that is what people look for.
        sort(direction === "desc" ? "asc" : "desc");
      }}
    >
      {name}
      <Icon size={14} aria-hidden="true" />
    </button>
  );
}

export function ariaSort(direction: Direction | null): "ascending" | "descending" | "none" {
  if (direction === null) return "none";
  return direction === "asc" ? "ascending" : "descending";
}
