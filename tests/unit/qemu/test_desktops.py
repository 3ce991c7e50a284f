"""A desktop snapshot is named by what lies below the agent, and one that never grew quiet is made again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import cast

import pytest

from vestibule.core.errors import HostUnfit
from vestibule.core.goldens import Manifest, Recipe
from vestibule.core.ids import GoldenId
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.programs import QEMU
from vestibule.drivers.machines.qemu import desktops, snapshot
from vestibule.drivers.machines.qemu.snapshot import SnapshotStore
from vestibule.services.ports import Network

LIMITS = Limits(mem_mib=1024, vcpus=2, pids=64)
FIRST, SECOND = GoldenId("g-first"), GoldenId("g-second")


def _golden(root: Path, golden_id: GoldenId, disks: dict[str, str]) -> None:
    manifest = Manifest(
        golden_id=golden_id,
        agent_build="b",
        layers=tuple(disks),
        inputs={},
        digests={},
        tools={},
        built_at=dt.datetime(2026, 11, 24, tzinfo=dt.UTC),
        build_s=1.0,
        disks=disks,
    )
    folder = root / "goldens" / golden_id
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(manifest.to_mapping()))


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    """Two goldens that differ in their agent alone."""
    _golden(tmp_path, FIRST, {"l-base": "1", "l-desktop": "2", "l-agent-one": "3"})
    _golden(tmp_path, SECOND, {"l-base": "1", "l-desktop": "2", "l-agent-two": "4"})
    goldens = DirectoryGoldenStore(Cache(tmp_path), Recipe(layers=()))
    return SnapshotStore(goldens, cast("Network", None), "tcg")


def test_another_agent_has_the_same_desktop_and_a_snapshot_of_its_own(store: SnapshotStore) -> None:
    one, two = store.key(FIRST, LIMITS), store.key(SECOND, LIMITS)
    assert one.desktop == two.desktop == store.desktops.key(FIRST, LIMITS).name
    assert one.name != two.name


def test_the_same_layers_with_other_bytes_have_another_desktop(store: SnapshotStore, tmp_path: Path) -> None:
    third = GoldenId("g-third")
    _golden(tmp_path, third, {"l-base": "other", "l-desktop": "2", "l-agent-one": "3"})
    assert store.key(third, LIMITS).desktop != store.key(FIRST, LIMITS).desktop


@pytest.mark.parametrize("quiet", [True, False])
def test_a_desktop_that_never_grew_quiet_is_made_again(
    store: SnapshotStore, tmp_path: Path, *, quiet: bool
) -> None:
    key = store.desktops.key(FIRST, LIMITS)
    folder = tmp_path / desktops.KIND / key.name
    folder.mkdir(parents=True)
    manifest = {"key": dataclasses.asdict(key), "quiet": quiet, "digests": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert store.desktops.has(FIRST, LIMITS) is quiet
    made_first = 0 if quiet else desktops.DESKTOP_STEPS
    assert store.steps(FIRST, LIMITS) == snapshot.STEPS + made_first


@pytest.fixture
def qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that is found as QEMU, through a symbolic link as Debian's alternatives make them."""
    program, link = tmp_path / "bin/qemu-real", tmp_path / "bin" / QEMU
    program.parent.mkdir()
    program.write_text("one")
    program.chmod(0o755)
    link.symlink_to(program)
    monkeypatch.setenv("PATH", str(program.parent))
    return link


def _replaced(path: Path, content: str) -> None:
    """As a package's upgrade does."""
    new = path.with_suffix(".dpkg-new")
    new.write_text(content)
    new.chmod(0o755)
    new.rename(path)


def test_another_qemu_is_seen_at_once_whether_file_or_link_was_exchanged(
    store: SnapshotStore, qemu: Path
) -> None:
    first = store.key(FIRST, LIMITS).name
    _replaced(qemu.resolve(), "two")
    second = store.key(FIRST, LIMITS).name
    other = qemu.with_name("qemu-other")
    _replaced(other, "three")
    qemu.unlink()
    qemu.symlink_to(other)
    third = store.key(FIRST, LIMITS).name
    _replaced(other, "one")
    assert (len({first, second, third}), store.key(FIRST, LIMITS).name) == (3, first)


def test_a_host_without_qemu_has_no_snapshot_to_start_from(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(HostUnfit) as unfit:
        store.find(FIRST, LIMITS)
    assert unfit.value.failure_code == "no_qemu"


def test_memory_fits_the_qemu_and_the_limits_that_it_was_saved_with(store: SnapshotStore, qemu: Path) -> None:
    saved = {
        "snapshots": dataclasses.asdict(store.key(FIRST, LIMITS)),
        "desktops": dataclasses.asdict(store.desktops.key(FIRST, LIMITS)),
    }

    def fit(limits: Limits = LIMITS) -> list[bool]:
        fits = snapshot.fitting("tcg", limits)
        return [fits(kind, json.loads(json.dumps(one))) for kind, one in saved.items()]

    assert fit() == [True, True]
    assert fit(dataclasses.replace(LIMITS, mem_mib=2048)) == [False, False]
    _replaced(qemu.resolve(), "two")
    assert fit() == [False, False]
