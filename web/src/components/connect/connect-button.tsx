import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";

import type { Flow, Provider } from "../../api/types";
import { FLOW_WORDS } from "../flow-words";
import classes from "./connect-button.module.css";

interface Props {
  provider: Pick<Provider, "title" | "flows">;
  verb: "Connect" | "Renew";
  variant: "filled" | "light";
  busy: boolean;
  /** Starts a sign-in; without a flow, in the preferred way. */
  connect: (flow?: Flow) => void;
}

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
        aria-label={`${verb} ${provider.title}`}
      >
        {verb}
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
          aria-label={`Other ways to sign in to ${title}`}
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
            <span className={classes.way}>{FLOW_WORDS[flow].name}</span>
            <span className={classes.meaning}>{FLOW_WORDS[flow].text}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
