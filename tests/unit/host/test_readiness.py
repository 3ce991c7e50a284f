"""From which goldens machines can be started, as this host's QEMU is now: asked anew each time."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import cast

import pytest
from tiny_goldens import add_golden

from vestibule.core.goldens import Recipe
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName, Limits
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.memories import all_fit
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.programs import QEMU
from vestibule.drivers.machines.qemu import snapshot
from vestibule.drivers.machines.qemu.driver import QemuDriver
from vestibule.machinery import Readiness
from vestibule.services.ports import Network

GOLDEN, ABSENT = GoldenId("g-0000000000000001"), GoldenId("g-0000000000000002")
LIMITS = Limits(mem_mib=1024, vcpus=2, pids=64)
VM, CONTAINER = DriverName.QEMU, DriverName.CONTAINER


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is found as QEMU."""
    found = tmp_path / "bin" / QEMU
    found.parent.mkdir()
    install(found, "one")
    monkeypatch.setenv("PATH", str(found.parent))
    return found


def install(program: Path, version: str) -> None:
    """As a package does: written aside, then renamed."""
    new = program.with_suffix(".dpkg-new")
    new.write_text(version)
    new.chmod(0o755)
    new.rename(program)


@pytest.fixture
def readiness(tmp_path: Path, program: Path) -> Readiness:
    """A golden with a snapshot of the QEMU that there is."""
    assert program.is_file()
    goldens = DirectoryGoldenStore(Cache(tmp_path / "cache"), Recipe(layers=()))
    add_golden(goldens.cache, GOLDEN, ["l-base", "l-agent"])
    driver = QemuDriver(goldens, cast("Network", None), "tcg")
    key = driver.snapshots.key(GOLDEN, LIMITS)
    folder = goldens.cache.path(snapshot.KIND, key.name)
    folder.mkdir(parents=True)
    manifest = {"key": dataclasses.asdict(key), "digests": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Readiness(goldens=goldens, qemu=driver, limits=LIMITS, drivers=(CONTAINER, VM))


def test_a_golden_is_ready_when_every_driver_can_start_from_it(readiness: Readiness) -> None:
    assert readiness.is_ready(GOLDEN)
    assert not readiness.is_ready(ABSENT)


def test_another_qemu_makes_it_unready_for_virtual_machines_alone_and_the_old_one_ready_again(
    readiness: Readiness, program: Path
) -> None:
    install(program, "two")
    assert (readiness.is_prepared(GOLDEN, VM), readiness.is_ready(GOLDEN)) == (False, False)
    assert readiness.is_prepared(GOLDEN, CONTAINER)
    install(program, "one")
    assert readiness.is_ready(GOLDEN)


def test_other_settings_make_it_unready(readiness: Readiness) -> None:
    larger = dataclasses.replace(LIMITS, mem_mib=2048)
    assert not dataclasses.replace(readiness, limits=larger).is_ready(GOLDEN)


def test_without_qemu_no_virtual_machine_starts_and_no_memory_is_given_up(
    readiness: Readiness, program: Path
) -> None:
    program.unlink()
    assert not readiness.is_prepared(GOLDEN, VM)
    assert readiness.fits() is all_fit
