import { Button, Menu } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconChevronDown, IconLogout } from "@tabler/icons-react";

import { signOut } from "../api/client";
import type { User } from "../api/types";
import { t } from "../i18n";

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
          rightSection={<IconChevronDown size={15} />}
        >
          {user.name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{user.user_id}</Menu.Label>
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
