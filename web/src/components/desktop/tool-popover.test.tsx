import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";

import { ToolPopover } from "./tool-popover";

it("is closed by a click on the desktop, which noVNC keeps to itself", () => {
  const onChange = vi.fn();
  render(
    <MantineProvider env="test">
      <ToolPopover opened onChange={onChange} button={<button>Tool</button>}>
        <p>Inside</p>
      </ToolPopover>
      <canvas data-testid="canvas" />
    </MantineProvider>,
  );
  const canvas = screen.getByTestId("canvas");
  canvas.addEventListener("mousedown", (event) => {
    event.stopPropagation();
  });
  fireEvent.mouseDown(screen.getByText("Inside"));
  expect(onChange).not.toHaveBeenCalled();
  fireEvent.mouseDown(canvas);
  expect(onChange).toHaveBeenCalledExactlyOnceWith(false);
});
