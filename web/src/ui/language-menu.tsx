import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconCheck, IconLanguage } from "@tabler/icons-react";

import { t } from "../i18n";
import { choose, language, LANGUAGES, type Language } from "../i18n/language";

/**
 * Chooses the page's language; each is called by its own name, for whoever does not read this one.
 *
 * @param failed Told when its texts do not arrive.
 */
export function LanguageMenu({ failed }: { failed: (error: unknown) => void }) {
  const label = t("shell.language", { name: LANGUAGES[language()] });
  return (
    <Menu position="bottom-end" radius="md" withInitialFocusPlaceholder={false}>
      <Tooltip label={label}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label}>
            <IconLanguage size={19} />
          </ActionIcon>
        </Menu.Target>
      </Tooltip>
      <Menu.Dropdown>
        {(Object.keys(LANGUAGES) as Language[]).map((name) => (
          <Menu.Item
            key={name}
            lang={name}
            aria-current={name === language()}
            rightSection={name === language() ? <IconCheck size={16} aria-hidden="true" /> : null}
            onClick={() => {
              choose(name).catch(failed);
            }}
          >
            {LANGUAGES[name]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
