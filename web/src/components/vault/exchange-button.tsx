import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconRotate } from "@tabler/icons-react";

import { ConfirmDialog } from "../../ui/confirm-dialog";
import { Warning } from "../../ui/warning";

interface Props {
  busy: boolean;
  exchange: () => void;
}

/** Begins the exchange of the master key, after a question; how it goes is shown on the page. */
export function ExchangeButton({ busy, exchange }: Props) {
  const [asked, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" leftSection={<IconRotate size={18} />} disabled={busy} onClick={open}>
        Exchange the master key…
      </Button>
      <ConfirmDialog
        opened={asked}
        close={close}
        title="Exchange the master key?"
        confirm={{
          label: "Exchange it",
          busy,
          act: () => {
            close();
            exchange();
          },
        }}
        refusal={null}
      >
        <p>
          Every credential in the vault, of every user, is put under a new master key. Sign-ins and check-outs
          go on meanwhile; nobody has to sign in again.
        </p>
        <p>
          It can be broken off, by closing this page too: both keys are kept until none needs the one before,
          and it goes on when you exchange again.
        </p>
        <Warning>
          A backup of the database needs the master key of its own time. Keep both together, and make another
          backup afterwards.
        </Warning>
      </ConfirmDialog>
    </>
  );
}
