import { Button, Menu } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconChevronDown, IconLogout, IconUserCircle } from "@tabler/icons-react";

import { signOut } from "../api/client";
import type { User } from "../api/types";
import { t } from "../i18n";
import classes from "./user-menu.module.css";

/** Who is signed in, and the way out. */
export function UserMenu({ user }: { user: User }) {
  const cache = useQueryClient();
  const leave = useMutation({
    mutationFn: signOut,
    // Everything that was read belongs to that user; reading again shows that nobody is signed in.
    onSuccess: () => cache.resetQueries(),
  });
  return (
    <Menu position="bottom-end" radius="md" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-md"
          fw={540}
          className={classes.user}
          aria-label={t("shell.account", { name: user.name })}
          leftSection={<IconUserCircle className={classes.picture} size={20} aria-hidden="true" />}
          rightSection={<IconChevronDown size={15} />}
        >
          <span className={classes.name}>{user.name}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.name} · {user.user_id}
        </Menu.Label>
        <Menu.Item
          leftSection={<IconLogout size={16} />}
          onClick={() => {
            leave.mutate();
          }}
        >
          {t("shell.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
