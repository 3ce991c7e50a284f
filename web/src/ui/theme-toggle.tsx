import { ActionIcon, Tooltip, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";

import { t, type PlainKey } from "../i18n";

const NEXT: Record<MantineColorScheme, MantineColorScheme> = { auto: "light", light: "dark", dark: "auto" };
const WORDS: Record<MantineColorScheme, PlainKey> = {
  auto: "shell.asSystem",
  light: "shell.light",
  dark: "shell.dark",
};
const ICONS = { auto: IconDeviceDesktop, light: IconSun, dark: IconMoon };

/** Goes through: as the system, light, dark. */
export function ThemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = ICONS[colorScheme];
  const label = t("shell.colours", { scheme: t(WORDS[colorScheme]) });
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
