import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useId } from "react";

import { t } from "../../i18n";
import classes from "./rebuild-button.module.css";

interface Props {
  /** Whether a renewal is under way. */
  renewing: boolean;
  asking: boolean;
  rebuild: () => void;
}

/** Builds, tries and promotes the golden of today's inputs; says why it cannot while that happens. */
export function RebuildButton({ renewing, asking, rebuild }: Props) {
  const why = useId();
  return (
    <div className={classes.rebuild}>
      <Button
        leftSection={<IconRefresh size={18} />}
        disabled={renewing}
        loading={asking}
        onClick={rebuild}
        aria-describedby={why}
      >
        {t("goldens.rebuild")}
      </Button>
      <p id={why}>{renewing ? t("goldens.renewalUnderWay") : t("goldens.rebuildHint")}</p>
    </div>
  );
}
