import { ActionIcon, Tooltip } from "@mantine/core";
import type { ReactNode, Ref } from "react";

interface Props {
  /** Its name, and what its tooltip says unless that has more to say. */
  label: string;
  hint?: string;
  /** Undefined: it does something; otherwise it is on or off. */
  pressed?: boolean;
  expanded?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

/** A button of the viewer's toolbar; a click on it leaves the keyboard where it is. */
export function ToolButton({
  label,
  hint,
  pressed,
  expanded,
  disabled = false,
  onClick,
  children,
  ref,
}: Props) {
  const on = pressed === true || expanded === true;
  return (
    // Not in a portal: in full screen, nothing outside of the viewer is seen.
    <Tooltip
      label={hint ?? label}
      events={{ hover: true, focus: true, touch: false }}
      withinPortal={false}
      multiline
      maw={260}
      openDelay={300}
    >
      <ActionIcon
        ref={ref}
        variant={on ? "light" : "subtle"}
        color={on ? "verdigris" : "gray"}
        size={34}
        aria-label={label}
        aria-pressed={pressed}
        aria-expanded={expanded}
        disabled={disabled}
        onMouseDown={(event) => {
          event.preventDefault();
        }}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
