import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { Commands } from "./commands";

vi.mock("./palette", () => {
  throw new Error("It did not arrive.");
});

it("a palette that does not arrive is told, and takes nothing of the page with it", async () => {
  vi.spyOn(console, "error").mockReturnValue(undefined);
  render(
    <MantineProvider env="test">
      <Commands me={{ user_id: "u-1", name: "ada", operator: false }} />
      <p>the page</p>
    </MantineProvider>,
  );
  await userEvent.keyboard("{Control>}k{/Control}");
  expect(await screen.findByRole("alert")).toHaveTextContent("failed by a fault of its own");
  expect(screen.getByText("the page")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: /^Commands/ })).toBeInTheDocument();
});
