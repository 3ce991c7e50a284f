import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";

import type { Flow, Provider } from "../../api/types";
import { t } from "../../i18n";
import { FLOW_WORDS } from "../flow-words";
import classes from "./connect-button.module.css";

interface Props {
  provider: Pick<Provider, "title" | "flows">;
  /** What it does, as its name begins. */
  verb: "connect" | "renew";
  variant: "filled" | "light";
  busy: boolean;
  /** Starts a sign-in; without a flow, in the preferred way. */
  connect: (flow?: Flow) => void;
}

const NAMES = {
  connect: { alone: "connect.connect", of: "connect.connectName" },
  renew: { alone: "common.renew", of: "common.renewName" },
} as const;

/** One press connects in the preferred way; the others are in a menu beside it. */
export function ConnectButton({ provider, verb, variant, busy, connect }: Props) {
  const others = provider.flows.slice(1);
  return (
    <div className={classes.row}>
      <Button
        className={classes.main}
        size="md"
        variant={variant}
        loading={busy}
        onClick={() => {
          connect();
        }}
        aria-label={t(NAMES[verb].of, { name: provider.title })}
      >
        {t(NAMES[verb].alone)}
      </Button>
      {others.length > 0 && (
        <Ways title={provider.title} flows={others} variant={variant} busy={busy} connect={connect} />
      )}
    </div>
  );
}

type WaysProps = Omit<Props, "provider" | "verb"> & { title: string; flows: readonly Flow[] };

function Ways({ title, flows, variant, busy, connect }: WaysProps) {
  return (
    <Menu position="bottom-end" width={290} shadow="md" radius="md" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon
          className={classes.more}
          variant={variant}
          disabled={busy}
          aria-label={t("connect.otherWays", { title })}
        >
          <IconChevronDown size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {flows.map((flow) => (
          <Menu.Item
            key={flow}
            onClick={() => {
              connect(flow);
            }}
          >
            <span className={classes.way}>{t(FLOW_WORDS[flow].name)}</span>
            <span className={classes.meaning}>{t(FLOW_WORDS[flow].text)}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
