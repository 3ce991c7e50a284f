import { Drawer } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { midSentence, t } from "../i18n";
import { CopyIcon } from "../ui/copy-button";
import classes from "./side-drawer.module.css";

interface Props {
  /** What kind of thing is open. */
  what: string;
  /** Which one; null: none. */
  id: string | null;
  close: () => void;
  children: (id: string) => ReactNode;
}

/** One row's detail beside its table. */
export function SideDrawer({ what, id, close, children }: Props) {
  // What was open stays in it while it slides away.
  const [shown, setShown] = useState(id);
  if (id !== null && id !== shown) setShown(id);
  return (
    <Drawer
      opened={id !== null}
      onClose={close}
      position="right"
      size="min(760px, 100%)"
      title={
        shown !== null && (
          <span className={classes.title}>
            {what} <code>{shown}</code>
            <CopyIcon value={shown} what={t("common.idOf", { what: midSentence(what) })} />
          </span>
        )
      }
      closeButtonProps={{ "aria-label": t("common.close") }}
      classNames={{ body: classes.body, content: classes.content, header: classes.header }}
    >
      {shown !== null && children(shown)}
    </Drawer>
  );
}
