import { Button, Checkbox, Popover } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";

import { t } from "../i18n";
import classes from "./facet-button.module.css";

export interface FacetChoice {
  value: string;
  /** What it is called; its value, unless it has a name for people. */
  words: string;
  /** Rows that it would leave; null: not known any more. */
  count: number | null;
}

interface Props {
  name: string;
  choices: readonly FacetChoice[];
  chosen: readonly string[];
  choose: (values: string[]) => void;
}

/** Narrows a table by one of its columns: any of the values that are ticked fits. */
export function FacetButton({ name, choices, chosen, choose }: Props) {
  const chosenWords = chosen.map((value) => choices.find((each) => each.value === value)?.words ?? value);
  const text = chosen.length === 0 ? name : `${name}: ${chosenWords.join(", ")}`;
  return (
    <Popover position="bottom-start" radius="md" shadow="md" trapFocus returnFocus hideDetached={false}>
      <Popover.Target>
        <Button
          variant={chosen.length > 0 ? "light" : "default"}
          className={classes.button}
          aria-label={t("common.narrowBy", { text })}
          rightSection={<IconChevronDown size={15} aria-hidden="true" />}
        >
          {text}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.dropdown}>
        <Checkbox.Group label={name} value={[...chosen]} onChange={choose}>
          <div className={classes.choices}>
            {choices.map(({ value, words: label, count }) => (
              <Checkbox
                key={value}
                value={value}
                label={
                  <>
                    {label} {count !== null && <span className={classes.count}>{count}</span>}
                  </>
                }
              />
            ))}
            {choices.length === 0 && <span className={classes.count}>{t("common.nothingToChoose")}</span>}
          </div>
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  );
}
