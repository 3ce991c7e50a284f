"""The agent's entry: VM (root, a virtio-serial port) or container (uid 1000, an inherited socket).

When desktop, browser window, VNC and terminal are up, before any hand-over, one line appears on standard
error, and in a VM on /dev/console too::

    vestibule-agent: warm {"build_id":"…","checks":[{"name":"desktop","ok":true,"detail":"…"},…]}
"""

from __future__ import annotations

import os
import socket
import sys

from vestibule_agent.launch import EarlyStart, Launcher
from vestibule_agent.paths import PACKAGE, Paths
from vestibule_agent.person import Person
from vestibule_agent.protocol import AGENT_PORT, HANDOVER_FD_VARIABLE, HANDOVER_PORT_NAME


def main() -> None:
    """Run for the machine's life."""
    run(Paths(), port=AGENT_PORT)


def run(paths: Paths, *, port: int) -> None:
    """Start the desktop's first programs, and only then import what the rest needs."""
    handover_fd = _open_handover()
    person = Person.current()
    launcher = Launcher(paths, person)
    launcher.prepare()
    early = launcher.early()
    import asyncio  # noqa: PLC0415 - a tenth of a second, while the X server starts

    asyncio.run(_serve(paths, person, early, handover_fd, port))


async def _serve(paths: Paths, person: Person, early: EarlyStart, handover_fd: int, port: int) -> None:
    import asyncio  # noqa: PLC0415 - as above

    from vestibule_agent.build import build_id  # noqa: PLC0415
    from vestibule_agent.machine import Machine  # noqa: PLC0415

    machine = Machine(paths, person, build_id(PACKAGE), handover_fd)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(machine.run(early))
        # The desktop starts first: HTTP is needed after the hand-over only.
        await asyncio.sleep(0)
        from vestibule_agent.routes import Routes  # noqa: PLC0415
        from vestibule_agent.server import serve  # noqa: PLC0415

        with machine.uplink.entered():
            listener = socket.create_server(("0.0.0.0", port))  # noqa: S104 - the machine's own namespace
        await serve(Routes(machine), listener)


def _open_handover() -> int:
    number = os.environ.pop(HANDOVER_FD_VARIABLE, None)
    if number is not None:
        os.set_inheritable(int(number), False)
        return int(number)
    path = f"/dev/virtio-ports/{HANDOVER_PORT_NAME}"
    try:
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        sys.exit(f"vestibule-agent: neither {HANDOVER_FD_VARIABLE} is set nor can {path} be opened: {error}")


if __name__ == "__main__":
    main()
