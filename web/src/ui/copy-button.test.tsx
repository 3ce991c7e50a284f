import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { CopyIcon, CopyWide } from "./copy-button";

function show() {
  return render(
    <MantineProvider env="test">
      <CopyIcon value="vm-1" what="machine id" />
    </MantineProvider>,
  );
}

it("copies, and says so where it is read out", async () => {
  const user = userEvent.setup();
  const { container } = show();
  const region = container.querySelector("[aria-live]");
  expect(region).toBeEmptyDOMElement();
  await user.click(screen.getByRole("button", { name: "Copy machine id" }));
  expect(await navigator.clipboard.readText()).toBe("vm-1");
  expect(region).toHaveTextContent("Copied");
});

it.each([CopyIcon, CopyWide])("says when the browser does not allow it", async (Copier) => {
  const user = userEvent.setup();
  vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("denied"));
  Object.assign(document, { execCommand: () => false });
  render(
    <MantineProvider env="test">
      <Copier value="vm-1" what="machine id" />
    </MantineProvider>,
  );
  await user.click(screen.getByRole("button", { name: "Copy machine id" }));
  expect(await screen.findByRole("tooltip", { name: /does not let the page copy/ })).toBeInTheDocument();
});
