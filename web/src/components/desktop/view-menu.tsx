import { Radio, Stack } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { useState } from "react";

import { t } from "../../i18n";
import { ToolButton } from "./tool-button";
import { ToolPopover } from "./tool-popover";
import { QUALITIES, QUALITY_NAMES, sizeNames, SIZES, type ViewSettings } from "./view-settings";

interface Props {
  settings: ViewSettings;
  choose: (settings: ViewSettings) => void;
}

/** Size and quality of the picture. */
export function ViewMenu({ settings, choose }: Props) {
  const [opened, setOpened] = useState(false);
  const sizes = sizeNames(window.devicePixelRatio);
  return (
    <ToolPopover
      opened={opened}
      onChange={setOpened}
      width={290}
      trapFocus
      returnFocus
      button={
        <ToolButton
          label={t("desktop.sizeAndQuality")}
          expanded={opened}
          onClick={() => {
            setOpened(!opened);
          }}
        >
          <IconAdjustmentsHorizontal size={18} />
        </ToolButton>
      }
    >
      <Stack gap="md">
        <Radio.Group
          label={t("desktop.size")}
          value={sizes.includes(settings.size) ? settings.size : "resize"}
          onChange={(size) => {
            choose({ ...settings, size });
          }}
        >
          <Stack gap={8} mt={6}>
            {sizes.map((name) => (
              <Radio key={name} value={name} size="sm" label={t(SIZES[name].words)} />
            ))}
          </Stack>
        </Radio.Group>
        <Radio.Group
          label={t("desktop.quality")}
          value={settings.quality}
          onChange={(quality) => {
            choose({ ...settings, quality });
          }}
        >
          <Stack gap={8} mt={6}>
            {QUALITY_NAMES.map((name) => (
              <Radio key={name} value={name} size="sm" label={t(QUALITIES[name].words)} />
            ))}
          </Stack>
        </Radio.Group>
      </Stack>
    </ToolPopover>
  );
}
