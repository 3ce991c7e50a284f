import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";

import type { InputChange } from "../../api/types";
import { changeRows, changeSummary, shortened } from "./changes";
import { ChangesList } from "./changes-list";

const BEFORE = "c9db0f3fec2f18a9ddb0708bb7f36f8c6dedecff91cee4a43b91a1bd5b2f5a60";
const AFTER = "806e1a35b4a286d6191e234a815d50bded3781564b92fa07ca484de817207d52";

const change = (special: Partial<InputChange> = {}): InputChange => ({
  layer: "agent",
  input: "package.urls.py",
  before: BEFORE,
  after: AFTER,
  ...special,
});

function show(changes: InputChange[]) {
  render(
    <MantineProvider env="test">
      <ChangesList changes={changes} />
    </MantineProvider>,
  );
}

it("tells what changed from what came and what went", () => {
  const rows = changeRows([change(), change({ before: null }), change({ after: null })]);
  expect(rows.map(({ kind }) => kind)).toEqual(["changed", "added", "removed"]);
});

it("shortens hashes and nothing else", () => {
  expect(shortened(BEFORE)).toBe("c9db0f3fec2f…");
  expect(shortened(`sha256:${BEFORE}`)).toBe("c9db0f3fec2f…");
  expect(shortened("chromium=141.0.7390.122-1~deb12u1")).toBe("chromium=141.0.7390.122-1~deb12u1");
});

it("counts by layer", () => {
  const tools = change({ layer: "tools" });
  expect(changeSummary([change(), tools, tools])).toBe("1 input of agent, 2 of tools");
});

it("shows before and after, whole in their titles", () => {
  show([change()]);
  expect(screen.getByRole("listitem")).toHaveTextContent(
    "package.urls.pyc9db0f3fec2f… → became 806e1a35b4a2…",
  );
  expect(screen.getByTitle(AFTER)).toBeVisible();
});

it("folds what is more than a glance", async () => {
  show(Array.from({ length: 30 }, (_, index) => change({ input: `package.${index}` })));
  expect(screen.getAllByRole("listitem")).toHaveLength(6);
  await userEvent.click(screen.getByRole("button", { name: "Show all 30" }));
  expect(screen.getAllByRole("listitem")).toHaveLength(30);
});
