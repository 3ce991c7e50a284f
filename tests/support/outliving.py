"""Controllers' networks that share one broker, and machines that outlive them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from waiting import until

from vestibule.core.ids import VmId
from vestibule.core.machines import Limits
from vestibule.drivers.net.client import BrokerNetwork

LIMITS = Limits(mem_mib=256, vcpus=1, pids=64)
PYTHON = "/usr/bin/python3"
"""The host's own: the tests' may live where the machines' user cannot read."""
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
Controllers = Callable[..., BrokerNetwork]


def ended(pid: int) -> bool:
    """Gone, or a zombie: in these tests the broker's first controller goes on living as its parent."""
    with contextlib.suppress(OSError):
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    return True


async def start(network: BrokerNetwork, vm_id: VmId, log: Path, program: str = SLEEPER) -> int:
    """A machine that has written something; its pid."""
    await network.create(vm_id, ["10.1.1.2"])
    pid = await network.spawn(vm_id, [PYTHON, "-I", "-c", program], fds={}, log=log, limits=LIMITS)
    await until(log.read_text)
    return pid


async def start_kept(network: BrokerNetwork, vm_id: VmId, log: Path, program: str = SLEEPER) -> int:
    """One that may outlive its controller; its pid."""
    pid = await start(network, vm_id, log, program)
    await network.keep(vm_id, "", {})
    return pid


def pid_of(network: BrokerNetwork) -> int:
    """Its broker."""
    return network._running().pid
