import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";

import { t } from "../i18n";

/** So long a person pauses before what they typed is searched for. */
const PAUSE_MS = 250;

interface Props {
  /** What is searched for; it may change by itself, as when somebody goes back. */
  text: string;
  label: string;
  placeholder: string;
  search: (text: string) => void;
}

/** Finds rows by a part of what they say. */
export function SearchBox({ text, label, placeholder, search }: Props) {
  const [known, setKnown] = useState(text);
  const [draft, setDraft] = useState(text);
  if (text !== known) {
    setKnown(text);
    setDraft(text);
  }
  const later = useDebouncedCallback((typed: string) => {
    setKnown(typed);
    search(typed);
  }, PAUSE_MS);
  const write = (typed: string) => {
    setDraft(typed);
    later(typed);
  };
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={placeholder}
      maxLength={100}
      value={draft}
      leftSection={<IconSearch size={16} aria-hidden="true" />}
      rightSection={
        draft === "" ? null : (
          <CloseButton
            size="sm"
            aria-label={t("common.clearSearch")}
            onClick={() => {
              write("");
            }}
          />
        )
      }
      onChange={({ currentTarget: { value } }) => {
        write(value);
      }}
    />
  );
}
