import { ActionIcon, Button, Tooltip, VisuallyHidden } from "@mantine/core";
import { IconCheck, IconCopy, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";

import { t, type PlainKey } from "../i18n";
import classes from "./copy-button.module.css";
import { copyText } from "./copy-text";

interface Props {
  value: string;
  /** What is copied, for the button's name: “machine id”. */
  what: string;
}

type Outcome = "none" | "copied" | "refused";

const WORDS: Record<Outcome, PlainKey> = {
  none: "common.copy",
  copied: "common.copied",
  refused: "common.notCopied",
};
const ICONS = { none: IconCopy, copied: IconCheck, refused: IconX };
/** So long the outcome is shown. */
const SHOWN_MS = { copied: 1_500, refused: 6_000 };

/** A small icon beside the thing it copies. */
export function CopyIcon({ value, what }: Props) {
  const { outcome, copy } = useCopying(value);
  const Icon = ICONS[outcome];
  return (
    <span className={classes.copier}>
      <Tooltip
        label={t(WORDS[outcome])}
        multiline
        maw={260}
        {...(outcome === "refused" ? { opened: true } : {})}
      >
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          onClick={copy}
          aria-label={t("common.copyWhat", { what })}
        >
          <Icon size={14} />
        </ActionIcon>
      </Tooltip>
      <Told outcome={outcome} />
    </span>
  );
}

/** A button with words, where copying is what a person came for. */
export function CopyWide({ value, what }: Props) {
  const { outcome, copy } = useCopying(value);
  const Icon = ICONS[outcome];
  return (
    <span className={classes.copier}>
      <Tooltip label={t("common.notCopied")} multiline maw={260} opened={outcome === "refused"}>
        <Button
          variant="default"
          size="xs"
          onClick={copy}
          leftSection={<Icon size={14} />}
          aria-label={t(outcome === "copied" ? "common.copiedWhat" : "common.copyWhat", { what })}
        >
          {t(outcome === "copied" ? "common.copied" : "common.copy")}
        </Button>
      </Tooltip>
      <Told outcome={outcome} />
    </span>
  );
}

/** There before it has something to say, or nothing would be read out. */
function Told({ outcome }: { outcome: Outcome }) {
  return <VisuallyHidden aria-live="polite">{outcome !== "none" && t(WORDS[outcome])}</VisuallyHidden>;
}

function useCopying(value: string): { outcome: Outcome; copy: () => void } {
  const [outcome, setOutcome] = useState<Outcome>("none");
  useEffect(() => {
    if (outcome === "none") return undefined;
    const timer = setTimeout(() => {
      setOutcome("none");
    }, SHOWN_MS[outcome]);
    return () => {
      clearTimeout(timer);
    };
  }, [outcome]);
  const copy = (): void => {
    void copyText(value).then((copied) => {
      setOutcome(copied ? "copied" : "refused");
    });
  };
  return { outcome, copy };
}
