import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { LanguageMenu } from "./language-menu";

vi.mock("../i18n/de", () => {
  throw new Error("It did not arrive.");
});

it("tells of a language that does not arrive", async () => {
  const failed = vi.fn();
  render(
    <MantineProvider env="test">
      <LanguageMenu failed={failed} />
    </MantineProvider>,
  );
  await userEvent.click(screen.getByRole("button", { name: /^Language/ }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Deutsch" }));
  await vi.waitFor(() => {
    expect(failed).toHaveBeenCalledOnce();
  });
});
