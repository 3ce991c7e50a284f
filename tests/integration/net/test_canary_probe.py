"""The canary's egress probe in a machine's namespace, against the real proxy: holes, dead ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
from outliving import LIMITS, PYTHON

from vestibule.core.ids import VmId
from vestibule.drivers.net.client import BrokerNetwork
from vestibule.drivers.net.proxy import EgressProxy
from vestibule.services.canary_checks import EGRESS_PROBE

pytestmark = pytest.mark.anyio

SITE = "login.demo.test"
GATEWAY = "192.168.100.1"


@contextlib.asynccontextmanager
async def site(path: Path, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> AsyncIterator[Mapping[str, Path]]:
    """A server on a UNIX socket, as what the proxy calls internal."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    async with server:
        yield {SITE: path}


async def probed(
    network: BrokerNetwork, vm_id: VmId, log: Path, internal: Mapping[str, Path], allow: Sequence[str] = ()
) -> list[str]:
    """What the probe complains of."""
    proxy = EgressProxy(internal=internal, on_verdict=lambda *_: None)
    await network.create(vm_id, ["192.168.100.9"])
    try:
        await proxy.open(vm_id, await network.listen(vm_id, "127.0.0.1", 3128), allow)
        argv = [PYTHON, "-I", "-c", EGRESS_PROBE, GATEWAY, f"{SITE}:80"]
        await network.spawn(vm_id, argv, fds={}, log=log, limits=LIMITS)
        await asyncio.wait_for(network.wait(vm_id), 60)
    finally:
        await proxy.close(vm_id)
        await network.destroy(vm_id)
    return complaints(log)


def complaints(log: Path) -> list[str]:
    text = log.read_text()
    assert text.startswith("PROBE "), text
    found: list[str] = json.loads(text.removeprefix("PROBE ").removesuffix(" END\n"))
    return found


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_an_allowed_site_that_answers_and_refusals_of_all_else_are_sound(
    network: BrokerNetwork, vm_id: VmId, tmp_path: Path
) -> None:
    async with site(tmp_path / "site") as internal:
        assert await probed(network, vm_id, tmp_path / "log", internal) == []


async def test_an_allowed_site_that_is_refused_is_told(
    network: BrokerNetwork, vm_id: VmId, tmp_path: Path
) -> None:
    (problem,) = await probed(network, vm_id, tmp_path / "log", {})
    assert problem == f"the proxy answered [b'403'] for {SITE}:80, which is allowed"


async def test_an_allowed_site_that_cannot_be_reached_is_told(
    network: BrokerNetwork, vm_id: VmId, tmp_path: Path
) -> None:
    (problem,) = await probed(network, vm_id, tmp_path / "log", {SITE: tmp_path / "nobody"})
    assert problem == f"the proxy answered [b'502'] for {SITE}:80, which is allowed"


async def test_an_allowed_site_that_is_no_web_server_is_told(
    network: BrokerNetwork, vm_id: VmId, tmp_path: Path
) -> None:
    async with site(tmp_path / "site", answer=b"SSH-2.0\r\n") as internal:
        (problem,) = await probed(network, vm_id, tmp_path / "log", internal)
    assert problem == f"{SITE}:80, which is allowed, did not answer"


async def test_a_site_that_is_let_through_and_is_not_allowed_is_a_hole(
    network: BrokerNetwork, vm_id: VmId, tmp_path: Path
) -> None:
    async with site(tmp_path / "site") as internal:
        (problem,) = await probed(network, vm_id, tmp_path / "log", internal, allow=["denied.invalid"])
    assert problem == "the proxy answered [b'502'] for denied.invalid:443"
