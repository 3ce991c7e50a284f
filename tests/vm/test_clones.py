from __future__ import annotations

import asyncio
import http.client
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from vestibule.core.errors import Absent, GoldenFailed, MachineFailed
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.cache import file_digest
from vestibule.drivers.goldens.compose import Goldens
from vestibule.drivers.machines.cold import ColdQemuDriver
from vestibule.drivers.machines.qemu.driver import QemuDriver

from .conftest import FAKE_TOKEN, LIMITS, Clones, handover, qemu_pid

pytestmark = [pytest.mark.vm, pytest.mark.golden, pytest.mark.anyio]


async def test_a_clone_confirms_its_identity_and_the_current_agent(clones: Clones, goldens: Goldens) -> None:
    _machine, reply = await clones.start()
    manifest = goldens.store.manifest(goldens.store.wanted())
    assert (reply.build_id, reply.files) == (manifest.agent_build, manifest.agent_files)
    assert {check.name: check.detail for check in reply.checks if not check.ok} == {}


async def test_a_boot_from_the_kernel_comes_to_the_same_agent_as_a_clone(
    clones: Clones, driver: QemuDriver
) -> None:
    """Booted, the agent lies in its layer's disk; cloned, in memory, where it was delivered."""
    request = clones.request()
    booted = await ColdQemuDriver(driver).start(request)
    try:
        reply = await booted.control.introduce(handover(request), timeout_s=300)
    finally:
        await booted.stop()
    _machine, cloned = await clones.start()
    assert reply.files == cloned.files
    assert {check.name: check.detail for check in reply.checks if not check.ok} == {}


async def test_another_agent_goes_on_from_the_same_desktop(
    driver: QemuDriver, goldens: Goldens, memory_image: Path
) -> None:
    key = json.loads((memory_image.parent / "manifest.json").read_text())["key"]
    desktop = driver.snapshots.desktops.key(goldens.store.wanted(), LIMITS)
    assert key["desktop"] == desktop.name
    assert not [layer for layer in desktop.disks if layer.startswith("l-agent-")]


async def test_two_clones_never_share_randomness(clones: Clones) -> None:
    _one, first = await clones.start()
    _two, second = await clones.start()
    assert len(bytes.fromhex(first.random_sample)) == 32
    assert first.random_sample != second.random_sample


async def test_clones_leave_the_snapshot_unchanged(clones: Clones, memory_image: Path) -> None:
    before = file_digest(memory_image)
    for _ in range(2):
        await clones.start()
    assert file_digest(memory_image) == before


def _health(stream: socket.socket) -> dict[str, Any]:
    connection = http.client.HTTPConnection("clone")
    stream.setblocking(True)
    connection.sock = stream
    connection.request("GET", "/health", headers={"Authorization": f"Bearer {FAKE_TOKEN}"})
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


async def test_the_agent_of_a_clone_answers_over_http(clones: Clones) -> None:
    machine, reply = await clones.start()
    answer = await asyncio.to_thread(_health, await machine.connect(8080))
    assert answer["vm_id"] == reply.vm_id


async def test_no_other_port_leads_into_a_clone(clones: Clones) -> None:
    machine, _reply = await clones.start()
    with pytest.raises(ConnectionRefusedError, match="22"):
        await machine.connect(22)


async def test_qemu_is_not_root_and_cannot_become_it(clones: Clones) -> None:
    machine, _reply = await clones.start()
    status = Path(f"/proc/{qemu_pid(machine)}/status").read_text()  # noqa: ASYNC240 - a file of the kernel's
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert "0" not in fields["Uid"].split()
    assert int(fields["CapEff"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"


async def test_a_stopped_clone_is_gone(clones: Clones) -> None:
    machine, _reply = await clones.start()
    await machine.stop()
    await machine.wait()
    assert not Path(f"/proc/{machine.pid}").exists()  # noqa: ASYNC240 - as above
    await machine.stop()


async def test_too_little_memory_is_refused_before_the_start(
    clones: Clones, driver: QemuDriver, goldens: Goldens
) -> None:
    request = clones.request()
    small = type(request)(
        **{**vars(request), "limits": Limits(mem_mib=512, vcpus=2, pids=512)},
    )
    with pytest.raises(GoldenFailed) as failure:
        await driver.start(small)
    assert failure.value.failure_code == "memory_too_small"
    assert goldens.store.wanted() in failure.value.cause


async def test_a_missing_snapshot_is_named(clones: Clones, driver: QemuDriver) -> None:
    request = clones.request()
    other = type(request)(
        **{**vars(request), "limits": Limits(mem_mib=1537, vcpus=2, pids=512)},
    )
    with pytest.raises(Absent) as failure:
        await driver.start(other)
    assert failure.value.failure_code == "snapshot_absent"


async def test_an_agent_that_stays_silent_is_named(clones: Clones) -> None:
    """The second hand-over to a machine gets no answer: an identity is given once."""
    machine, _reply = await clones.start()
    request = clones.request()
    with pytest.raises(MachineFailed) as failure:
        await machine.control.introduce(handover(request), timeout_s=3)
    assert failure.value.failure_code in {"no_identity_ack", "agent_mismatch"}
