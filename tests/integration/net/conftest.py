"""A real broker, and small programs inside its namespaces."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest
from outliving import LIMITS, PYTHON, Controllers

from vestibule.core.ids import VmId
from vestibule.core.machines import UNOWNED_ID
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork, identity_for
from vestibule.drivers.net.confinement import Identity
from vestibule.drivers.net.takeover import Outlive

Run = Callable[..., Awaitable[str]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def network() -> AsyncIterator[BrokerNetwork]:
    identity = identity_for(UNOWNED_ID, UNOWNED_ID)
    async with BrokerNetwork(identity=identity, cgroups=Cgroups.detect(), outlive=None) as broker:
        yield broker


@pytest.fixture
async def controllers(tmp_path: Path) -> AsyncIterator[Controllers]:
    """Makes controllers' networks that share one door; ends the broker behind it at last."""
    made: list[BrokerNetwork] = []
    identity = identity_for(UNOWNED_ID, UNOWNED_ID)

    def make(patience_s: float = 60, whom: Identity | None = identity) -> BrokerNetwork:
        outlive = Outlive(door=tmp_path / "run" / "broker.sock", patience_s=patience_s)
        network = BrokerNetwork(identity=whom, cgroups=Cgroups.detect(), outlive=outlive)
        made.append(network)
        return network

    yield make
    for network in made:
        if network._connection is not None:
            await network.close()
    last = make()
    await last.start()
    await last.close()


@pytest.fixture
def new_vm_id() -> Callable[[], VmId]:
    return lambda: VmId(f"vm-{os.urandom(8).hex()}")


@pytest.fixture
def vm_id(new_vm_id: Callable[[], VmId]) -> VmId:
    return new_vm_id()


@pytest.fixture
def run(network: BrokerNetwork, vm_id: VmId, tmp_path: Path) -> Run:
    """Run a Python program in a machine's namespace; returns what it printed, and how it ended."""

    async def run_program(program: str, *, fds: Mapping[int, int] | None = None) -> str:
        log = tmp_path / "log"
        await network.create(vm_id, ["192.168.100.9"])
        argv = [PYTHON, "-I", "-c", program]
        await network.spawn(vm_id, argv, fds=fds or {}, log=log, limits=LIMITS)
        ended = await asyncio.wait_for(network.wait(vm_id), 20)
        await network.destroy(vm_id)
        return f"{log.read_text()}{ended}"

    return run_program
