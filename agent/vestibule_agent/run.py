"""The agent's entry: the desktop has passed on the hand-over's channel, and news of itself.

When desktop, browser window, VNC and terminal are up, before any hand-over, one line appears on standard
error, and in a VM on /dev/console too::

    vestibule-agent: warm {"build_id":"…","checks":[{"name":"desktop","ok":true,"detail":"…"},…]}
"""

from __future__ import annotations

import os
import socket

from vestibule_agent.launch import Inherited, Launcher
from vestibule_agent.protocol import AGENT_PORT
from vestibule_desktop.messages import HANDOVER_FD_VARIABLE, NEWS_FD_VARIABLE
from vestibule_desktop.paths import PACKAGE, Paths
from vestibule_desktop.person import Person


def main() -> None:
    """Run for the machine's life."""
    run(Paths(), port=AGENT_PORT)


def run(paths: Paths, *, port: int) -> None:
    """Make the FIFO of notices, and only then import what the rest needs."""
    handover_fd, news_fd = _inherited(HANDOVER_FD_VARIABLE), _inherited(NEWS_FD_VARIABLE)
    launcher = Launcher(paths, Person.current())
    launcher.prepare()
    import asyncio  # noqa: PLC0415 - a tenth of a second, while the desktop starts

    inherited = Inherited(handover_fd=handover_fd, news_fd=news_fd)
    asyncio.run(_serve(paths, launcher, inherited, port))


async def _serve(paths: Paths, launcher: Launcher, inherited: Inherited, port: int) -> None:
    import asyncio  # noqa: PLC0415 - as above

    from vestibule_agent.build import build_files  # noqa: PLC0415
    from vestibule_agent.machine import Machine  # noqa: PLC0415

    machine = Machine(paths, launcher, build_files(paths.agent, PACKAGE), inherited)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(machine.run())
        # The terminal comes first: HTTP is needed after the hand-over only.
        await asyncio.sleep(0)
        from vestibule_agent.routes import Routes  # noqa: PLC0415
        from vestibule_agent.server import serve  # noqa: PLC0415

        with machine.uplink.entered():
            listener = socket.create_server(("0.0.0.0", port))  # noqa: S104 - the machine's own namespace
        await serve(Routes(machine), listener)


def _inherited(variable: str) -> int:
    number = int(os.environ.pop(variable))
    os.set_inheritable(number, False)
    return number
