import { ActionIcon, Tooltip, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";

const NEXT: Record<MantineColorScheme, MantineColorScheme> = { auto: "light", light: "dark", dark: "auto" };
const WORDS: Record<MantineColorScheme, string> = { auto: "as the system", light: "light", dark: "dark" };
const ICONS = { auto: IconDeviceDesktop, light: IconSun, dark: IconMoon };

/** Goes through: as the system, light, dark. */
export function ThemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = ICONS[colorScheme];
  const label = `Colours: ${WORDS[colorScheme]}`;
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={label}
        onClick={() => {
          setColorScheme(NEXT[colorScheme]);
        }}
      >
        <Icon size={19} />
      </ActionIcon>
    </Tooltip>
  );
}
