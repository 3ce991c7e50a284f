import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";

import { choose } from "../i18n/language";
import { Evidence } from "./evidence";

afterEach(async () => {
  await choose("en");
  window.localStorage.clear();
});

it.each([
  ["agent_log", "Protokoll des Agenten"],
  ["of_another_version", "of another version"],
])("calls %s by its name in the page's language", async (piece, name) => {
  await choose("de");
  render(
    <MantineProvider env="test">
      <Evidence evidence={{ [piece]: "x" }} />
    </MantineProvider>,
  );
  expect(screen.getByRole("button", { name: new RegExp(name) })).toBeInTheDocument();
});
