import { ActionIcon, Button, CopyButton as Copier, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

import { t } from "../i18n";

interface Props {
  value: string;
  /** What is copied, for the button's name: “machine id”. */
  what: string;
}

/** A small icon beside the thing it copies. */
export function CopyIcon({ value, what }: Props) {
  return (
    <Copier value={value}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t("common.copied") : t("common.copy")}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            onClick={copy}
            aria-label={t("common.copyWhat", { what })}
          >
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </Copier>
  );
}

/** A button with words, where copying is what a person came for. */
export function CopyWide({ value, what }: Props) {
  return (
    <Copier value={value}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size="xs"
          onClick={copy}
          leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          aria-label={t(copied ? "common.copiedWhat" : "common.copyWhat", { what })}
        >
          {copied ? t("common.copied") : t("common.copy")}
        </Button>
      )}
    </Copier>
  );
}
