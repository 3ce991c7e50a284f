"""The driver holds what it starts clones from, so that no collector of another shape takes it away."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from tiny_goldens import add_golden

from vestibule.core.errors import MachineFailed
from vestibule.core.goldens import Recipe, SnapshotKey
from vestibule.core.ids import GoldenId
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.qemu import driver as qemu
from vestibule.drivers.machines.qemu import snapshot
from vestibule.drivers.machines.qemu.driver import QemuDriver
from vestibule.drivers.machines.qemu.template import MEMORY, STATE
from vestibule.services.ports import MachineRequest, Network

pytestmark = pytest.mark.anyio

LIMITS = Limits(mem_mib=1024, vcpus=2, pids=64)
FIRST, SECOND = GoldenId("g-0000000000000001"), GoldenId("g-0000000000000002")


@pytest.fixture
def driver(tmp_path: Path) -> QemuDriver:
    """Two goldens with a finished snapshot each."""
    cache = Cache(tmp_path)
    found = QemuDriver(DirectoryGoldenStore(cache, Recipe(layers=())), cast("Network", None), "tcg")
    for golden_id in (FIRST, SECOND):
        add_golden(cache, golden_id, ["l-base", golden_id.replace("g-", "l-agent-")])
        make(cache, found.snapshots.key(golden_id, LIMITS), b"x")
    return found


def make(cache: Cache, key: SnapshotKey, content: bytes) -> None:
    """A finished snapshot of these bytes, in the place of one that was there."""
    folder = cache.path(snapshot.KIND, key.name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in (MEMORY, STATE):
        (folder / name).write_bytes(content * 8192)
    manifest = {"key": dataclasses.asdict(key), "digests": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def is_held(driver: QemuDriver, name: str) -> bool:
    with driver._goldens.cache.unheld(name) as free:
        return not free


async def test_snapshot_and_desktop_are_held_until_the_driver_is_closed(driver: QemuDriver) -> None:
    key = driver.snapshots.key(FIRST, LIMITS)
    await driver.preload(FIRST, LIMITS)
    assert (is_held(driver, key.name), is_held(driver, key.desktop)) == (True, True)
    driver.close()
    assert (is_held(driver, key.name), is_held(driver, key.desktop)) == (False, False)


async def test_what_clones_are_no_longer_started_from_is_let_go(
    driver: QemuDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "TEMPLATES_KEPT", 1)
    first, second = (driver.snapshots.key(golden_id, LIMITS) for golden_id in (FIRST, SECOND))
    await driver.preload(FIRST, LIMITS)
    await driver.preload(SECOND, LIMITS)
    assert (is_held(driver, first.name), is_held(driver, second.name)) == (False, True)
    driver.close()


async def test_memory_of_a_qemu_that_was_exchanged_is_let_go(
    driver: QemuDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = driver.snapshots.find(FIRST, LIMITS)
    await driver.preload(FIRST, LIMITS)
    exchanged = dataclasses.replace(before.key, shape=dataclasses.replace(before.key.shape, vmm="other"))
    after = dataclasses.replace(before, key=exchanged)
    monkeypatch.setattr(driver.snapshots, "find", lambda _golden, _limits: after)
    await driver.preload(FIRST, LIMITS)
    assert (is_held(driver, before.name), is_held(driver, after.name)) == (False, True)
    driver.close()


async def test_a_snapshot_that_was_made_again_under_its_name_is_loaded_again(driver: QemuDriver) -> None:
    """Device state of the new one on memory of the old one would be poison."""
    key = driver.snapshots.key(FIRST, LIMITS)
    await driver.preload(FIRST, LIMITS)
    make(driver._goldens.cache, key, b"y")
    await driver.preload(FIRST, LIMITS)
    loaded = driver._templates[key.name]
    assert os.pread(loaded.memory.fd, 4, 0) == b"yyyy"
    assert loaded.snapshot == driver.snapshots.find(FIRST, LIMITS)
    driver.close()


async def test_a_snapshot_that_is_exchanged_during_a_start_fails_it_by_name(
    driver: QemuDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, find = driver.snapshots.key(FIRST, LIMITS), driver.snapshots.find
    finds = 0

    def exchanged_after_the_first(golden_id: GoldenId, limits: Limits) -> snapshot.Snapshot:
        nonlocal finds
        finds += 1
        if finds == 2:
            make(driver._goldens.cache, key, b"y")
        return find(golden_id, limits)

    monkeypatch.setattr(driver.snapshots, "find", exchanged_after_the_first)
    with pytest.raises(MachineFailed) as failed:
        await driver.start(cast("MachineRequest", SimpleNamespace(golden_id=FIRST, limits=LIMITS)))
    assert failed.value.failure_code == "snapshot_exchanged"
    driver.close()


async def test_memory_that_cannot_be_loaded_is_not_held(driver: QemuDriver) -> None:
    found = driver.snapshots.find(FIRST, LIMITS)
    found.memory.unlink()
    with pytest.raises(FileNotFoundError):
        await driver.preload(FIRST, LIMITS)
    assert not is_held(driver, found.name)
