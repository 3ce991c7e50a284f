import { Modal, Switch } from "@mantine/core";

import { t } from "../i18n";
import { commandKey, Keys } from "../ui/keys";
import type { Destination } from "./destinations";
import classes from "./shortcuts-dialog.module.css";
import { chooseSingleKeys, useSingleKeys } from "./single-keys";

interface Props {
  close: () => void;
  destinations: readonly Destination[];
}

/** Every key that does something on the page, and where it does. */
export function ShortcutsDialog({ close, destinations }: Props) {
  const single = useSingleKeys();
  return (
    <Modal
      opened
      onClose={close}
      title={t("palette.shortcuts")}
      radius="lg"
      size="lg"
      classNames={{ title: classes.title ?? "" }}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <div className={classes.parts}>
        <div>
          <Part name={t("palette.everywhere")}>
            <Row keys={commandKey(navigator.userAgent)} words={t("palette.openIt")} />
            <Row keys="?" words={t("palette.thisList")} />
          </Part>
          <Part name={t("desktop.theDesktop")}>
            <Row keys={`${t("desktop.shift")}+${t("desktop.esc")}`} words={t("palette.releaseKeys")} />
          </Part>
        </div>
        <Part name={t("palette.goTo")}>
          {destinations.map(({ path, letter, name }) => (
            <Row key={path} keys={`g ${letter}`} words={t(name)} />
          ))}
        </Part>
      </div>
      <Switch
        className={classes.switch ?? ""}
        label={t("palette.singleKeys")}
        description={t("palette.singleKeysHint")}
        checked={single}
        onChange={({ currentTarget: { checked } }) => {
          chooseSingleKeys(checked);
        }}
      />
      <p className={classes.note}>{t("palette.notWhileTyping")}</p>
    </Modal>
  );
}

function Part({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      <dl>{children}</dl>
    </section>
  );
}

function Row({ keys, words }: { keys: string; words: string }) {
  return (
    <div className={classes.row}>
      <dt>{words}</dt>
      <dd>
        <Keys keys={keys} />
      </dd>
    </div>
  );
}
