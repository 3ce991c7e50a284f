"""The controller's way to a desktop, in a process of its own: app, server and event loop as it is served.

    python -m vestibule.benches.relay.controller DESKTOP_PORT STREAMS

Real: the whole app with its middleware and routes, the count of viewers, the gate that sees what a viewer
sends, the ledger of metrics.  Stood in for: what only opens a view, which are the tickets, and machines, each
of which is the stand-in for a desktop.  All modules of a controller are loaded, for the memory's sake.

It prints ``{"port", "tickets"}``, one ticket for the machine of each stream, and ends at the end of its
standard input.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import secrets
import socket
import sys
import time
from types import SimpleNamespace

import uvloop

from vestibule.api.app import create
from vestibule.api.context import Context
from vestibule.core.ids import VmId
from vestibule.drivers import logs
from vestibule.drivers.http_server import HttpServer, bind, serving
from vestibule.drivers.metrics.prometheus import PrometheusMeter
from vestibule.resources import find_resources
from vestibule.services.pausing import Pausing
from vestibule.services.viewers import Viewers

WHOLE = "vestibule.main"
"""What ``vestibule serve`` loads; the layers have it above the benches, so it is not imported by name."""


class _Guest:
    """Of a machine whose desktop is the stand-in."""

    def __init__(self, desktop_port: int) -> None:
        self._desktop = ("127.0.0.1", desktop_port)

    async def open_vnc(self) -> socket.socket:
        """See services.ports.Guest."""
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, self._desktop)
        return sock


class _Machines:
    """What the way to a desktop asks of ``services.machines``."""

    def __init__(self, desktop_port: int) -> None:
        self.pausing = Pausing(idle_s=0, seconds=time.monotonic)
        self._guest = _Guest(desktop_port)

    def expose(self, _vm_id: VmId) -> None:
        """No picture of it is ever kept."""

    async def confirmed(self, _vm_id: VmId) -> _Guest:
        """At once."""
        return self._guest


class _Tickets:
    """What the way to a desktop asks of ``services.accounts``: each ticket is for one machine, and once."""

    def __init__(self, streams: int) -> None:
        self._unused = {secrets.token_urlsafe(32): machine_of(stream) for stream in range(streams)}
        self.issued = [*self._unused]

    async def redeem_ticket(self, secret: str, vm_id: VmId) -> str | None:
        """Whose it was."""
        return "bench" if self._unused.pop(secret, None) == vm_id else None


class _Services(Context):
    """Those that the way to a desktop asks; whatever asks for another raises AttributeError."""

    def __init__(self, tickets: _Tickets, desktop_port: int) -> None:
        there = {
            "accounts": tickets,
            "machines": _Machines(desktop_port),
            "viewers": Viewers(1),
            "sign_ins": SimpleNamespace(viewer_used=_used),
            "monitor": SimpleNamespace(ledger=PrometheusMeter()),
            "public_url": None,
        }
        for name, service in there.items():
            object.__setattr__(self, name, service)  # frozen: set as its own constructor would


async def _used(_vm_id: VmId) -> None:
    """Nothing comes of a sign of life."""


def machine_of(stream: int) -> VmId:
    """Each stream has a machine of its own."""
    return VmId(f"vm-{stream}")


async def _serve(desktop_port: int, streams: int) -> None:
    app, tickets = create(find_resources().web), _Tickets(streams)
    app.state.context = _Services(tickets, desktop_port)
    gc.collect()
    gc.freeze()
    with bind("127.0.0.1", 0) as sock:
        async with serving(HttpServer(app), sock):
            told = {"port": sock.getsockname()[1], "tickets": tickets.issued}
            print(json.dumps(told), flush=True)  # noqa: T201 (how its parent learns of it)
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    importlib.import_module(WHOLE)
    logs.failures_only()
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
