import { Popover, type PopoverProps } from "@mantine/core";
import type { ReactNode } from "react";

type Props = { button: ReactNode } & Pick<
  PopoverProps,
  "opened" | "onChange" | "width" | "trapFocus" | "returnFocus" | "children"
>;

/**
 * What a button of the viewer's toolbar opens; a click elsewhere closes it, one on the desktop, too: noVNC lets
 * no click go on from there, so it is heard on its way in.
 */
export function ToolPopover({ button, children, ...rest }: Props) {
  return (
    // Not in a portal: in full screen, nothing outside of the viewer is seen.
    <Popover position="bottom-end" withinPortal={false} clickOutsideCapture {...rest}>
      <Popover.Target>{button}</Popover.Target>
      <Popover.Dropdown>{children}</Popover.Dropdown>
    </Popover>
  );
}
