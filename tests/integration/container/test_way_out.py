"""The one way out of a real container: the egress proxy in its own loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from vestibule.core.egress import Reason, Verdict
from vestibule.drivers.machines.container.driver import LOG_NAME, ContainerMachine
from vestibule.drivers.net.proxy import EgressProxy
from vestibule.drivers.net.relay import Stream
from vestibule.services.ports import MachineRequest

pytestmark = pytest.mark.anyio

ASK = """
import os, socket
os.read(3, 1)
for host in %r:
    with socket.create_connection(("127.0.0.1", 3128), 10) as way_out:
        way_out.sendall(f"GET http://{host}/ HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode())
        answer = way_out.makefile("rb").read()
    print(host, answer.split()[1].decode(), answer.rpartition(b"\\r\\n\\r\\n")[2].decode().strip())
"""
REFUSED = [
    *(
        "127.0.0.1:4000",
        "192.168.100.1",
        "192.168.100.8",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[fe80::1]",
    ),
    *("evil.test", "metadata.example.com"),
]


async def resolve(host: str) -> Sequence[str]:
    return {"metadata.example.com": ["169.254.169.254"]}.get(host, [])


async def dial(_address: str, _port: int) -> Stream:
    raise AssertionError("nothing may be dialled")


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome")
    writer.close()


async def test_only_the_controllers_own_service_is_reached_through_the_proxy(
    start: Callable[..., Awaitable[ContainerMachine]],
    new_request: Callable[..., MachineRequest],
    tmp_path: Path,
) -> None:
    verdicts: list[Verdict] = []
    proxy = EgressProxy(
        internal={"login.demo.test": tmp_path / "login.sock"},
        on_verdict=lambda _vm_id, verdict: verdicts.append(verdict),
        resolve=resolve,
        dial=dial,
    )
    request = new_request()
    async with await asyncio.start_unix_server(greet, tmp_path / "login.sock"):
        machine = await start(request, "/usr/bin/python3", "-I", "-c", ASK % [*REFUSED, "login.demo.test"])
        await proxy.open(request.vm_id, await machine.listen(3128), ["*.example.com"])
        machine._channel.send(b"!")
        await asyncio.wait_for(machine.wait(), 30)
        await proxy.close(request.vm_id)
        await machine.stop()
    *refusals, reached = (request.run_dir / LOG_NAME).read_text().splitlines()
    assert [line.split()[:2] for line in refusals] == [[host, "403"] for host in REFUSED]
    assert all("egress_refused" in line for line in refusals)
    assert reached == "login.demo.test 200 welcome"
    assert verdicts[-1].reason is Reason.INTERNAL
