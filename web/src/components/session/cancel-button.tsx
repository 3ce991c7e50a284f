import { Button, Group, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";

interface Props {
  tool: string;
  busy: boolean;
  cancel: () => void;
}

/** Cancels after a question: the machine and all that was typed into it are gone then. */
export function CancelButton({ tool, busy, cancel }: Props) {
  const [asked, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" size="xs" loading={busy} onClick={open}>
        Cancel
      </Button>
      <Modal
        opened={asked}
        onClose={close}
        title={`Cancel the sign-in to ${tool}?`}
        centered
        radius="lg"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <p>Its machine is destroyed at once, with all that was typed into it. No credential is kept.</p>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={close} data-autofocus>
            Go on signing in
          </Button>
          <Button
            color="red"
            onClick={() => {
              close();
              cancel();
            }}
          >
            Cancel the sign-in
          </Button>
        </Group>
      </Modal>
    </>
  );
}
