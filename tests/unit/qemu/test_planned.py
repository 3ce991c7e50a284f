"""Snapshots in a plan: named as they will be, done or not, and told when QEMU or the machine is another."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from tiny_golden import GOLDEN, RECIPE, signer_in, tiny_builder
from tiny_goldens import add_golden

from vestibule.core.goldens import Change, PlannedProduct
from vestibule.core.ids import GoldenId
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.qemu import desktops, planned
from vestibule.drivers.machines.qemu.planned import PlansWithSnapshots
from vestibule.drivers.machines.qemu.snapshot import SnapshotStore
from vestibule.services.ports import Network

LIMITS = Limits(mem_mib=1024, vcpus=2, pids=64)
BEFORE = GoldenId("g-00000000000000bb")
LAYERS = [layer.name for layer in RECIPE.layers]
OTHER_QEMU = "0d" * 32


@pytest.fixture
def store(tmp_path: Path) -> DirectoryGoldenStore:
    return DirectoryGoldenStore(Cache(tmp_path), RECIPE)


@pytest.fixture
def plans(store: DirectoryGoldenStore) -> PlansWithSnapshots:
    return PlansWithSnapshots(store=store, accelerator="tcg", limits=LIMITS, needed=True)


@pytest.fixture
def built(tmp_path: Path) -> None:
    """Layers and golden are there."""
    tiny_builder(tmp_path, signer_in(tmp_path / "state")).build(lambda *_: None)


def memories(plans: PlansWithSnapshots) -> tuple[PlannedProduct, PlannedProduct]:
    desktop, snapshot = plans.plan().products[-2:]
    assert (desktop.kind, snapshot.kind) == ("desktop snapshot", "snapshot")
    return desktop, snapshot


def keep(root: Path, kind: str, name: str, **manifest: Any) -> None:
    folder = root / kind / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"built_at": "2026", "digests": {}, **manifest}))


def shape(plans: PlansWithSnapshots, **changes: Any) -> Mapping[str, Any]:
    found = plans.plan().shape
    assert found is not None
    return {**dataclasses.asdict(found), **changes}


# -- products --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("built")
def test_a_plan_names_snapshots_as_they_are_made(
    store: DirectoryGoldenStore, plans: PlansWithSnapshots
) -> None:
    key = SnapshotStore(store, cast("Network", None), "tcg").key(GOLDEN, LIMITS)
    assert [product.name for product in memories(plans)] == [key.desktop, key.name]


def test_before_its_disks_are_made_a_snapshot_has_no_name(plans: PlansWithSnapshots) -> None:
    for product in memories(plans):
        assert (product.name, product.done, product.last_build_s) == (None, False, None)


@pytest.mark.usefixtures("built")
def test_a_desktop_is_named_before_there_is_an_agent(tmp_path: Path, plans: PlansWithSnapshots) -> None:
    named, _ = memories(plans)
    (tmp_path / "layers" / LAYERS[-1]).rename(tmp_path / "gone")
    desktop, snapshot = memories(plans)
    assert (desktop.name, snapshot.name) == (named.name, None)


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("digests", [None, [], "sha256:00"])
def test_a_layer_s_manifest_of_another_form_is_a_disk_of_another_name(
    tmp_path: Path, plans: PlansWithSnapshots, digests: Any
) -> None:
    named, _ = memories(plans)
    manifest = tmp_path / "layers" / LAYERS[0] / "manifest.json"
    manifest.parent.chmod(0o755)
    manifest.unlink()
    manifest.write_text(json.dumps({"digests": digests}))
    desktop, snapshot = memories(plans)
    assert named.name not in {None, desktop.name}
    assert not desktop.done
    assert not snapshot.done


@pytest.mark.usefixtures("built")
def test_what_is_there_is_done_and_tells_its_seconds(tmp_path: Path, plans: PlansWithSnapshots) -> None:
    desktop, snapshot = memories(plans)
    keep(tmp_path, "desktops", str(desktop.name), quiet=True, steps={"boot": 80.0, "save": 4.5})
    keep(tmp_path, "snapshots", str(snapshot.name), steps={"deliver": 3.0})
    there = memories(plans)
    assert [(product.done, product.last_build_s) for product in there] == [(True, 84.5), (True, 3.0)]
    assert plans.plan().estimate_s == 0.0


@pytest.mark.usefixtures("built")
def test_a_desktop_that_never_grew_quiet_is_to_be_made_again(
    tmp_path: Path, plans: PlansWithSnapshots
) -> None:
    keep(tmp_path, "desktops", str(memories(plans)[0].name), quiet=False, steps={"boot": 80.0})
    desktop, _ = memories(plans)
    assert (desktop.done, desktop.last_build_s) == (False, 80.0)


@pytest.mark.usefixtures("built")
def test_where_no_renewal_makes_them_they_cost_nothing(plans: PlansWithSnapshots) -> None:
    aside = dataclasses.replace(plans, needed=False)
    assert [product.needed for product in memories(aside)] == [False, False]
    assert aside.plan().estimate_s == 0.0
    assert plans.plan().estimate_s is None, "they were never made on this host"


def test_without_qemu_a_plan_has_no_snapshots(
    plans: PlansWithSnapshots, store: DirectoryGoldenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert plans.plan() == store.plan()


# -- changes ---------------------------------------------------------------------------------------------


def changes(plans: PlansWithSnapshots) -> list[Change]:
    return [change for change in plans.plan().changes if change.layer == planned.LAYER]


def before(root: Path, shape: Mapping[str, Any], golden_id: GoldenId = BEFORE, **more: Any) -> None:
    """A snapshot of this golden, made by a machine of this shape."""
    if golden_id == BEFORE:
        add_golden(Cache(root), BEFORE, [])
    keep(root, "snapshots", f"snap-{golden_id}", key={"golden_id": golden_id, "shape": shape}, **more)


@pytest.mark.parametrize(
    ("field", "old", "name"),
    [
        ("vmm", OTHER_QEMU, "qemu"),
        ("machine", "q35-0", "machine"),
        ("cpu", "host", "cpu"),
        ("accelerator", "kvm", "accelerator"),
        ("mem_mib", 512, "mem_mib"),
    ],
)
def test_what_names_snapshots_and_has_changed_is_told(
    tmp_path: Path, plans: PlansWithSnapshots, field: str, old: Any, name: str
) -> None:
    before(tmp_path, shape(plans, **{field: old}))
    (change,) = changes(plans)
    assert (change.input, change.before, change.after) == (name, str(old), str(shape(plans)[field]))


def test_the_same_machine_is_no_change(tmp_path: Path, plans: PlansWithSnapshots) -> None:
    before(tmp_path, shape(plans))
    assert changes(plans) == []


@pytest.mark.usefixtures("built")
def test_another_qemu_under_today_s_golden_is_told_too(tmp_path: Path, plans: PlansWithSnapshots) -> None:
    before(tmp_path, shape(plans, vmm=OTHER_QEMU), GOLDEN)
    assert [(change.input, change.before) for change in changes(plans)] == [("qemu", OTHER_QEMU)]


def test_the_newest_snapshot_of_a_golden_counts(tmp_path: Path, plans: PlansWithSnapshots) -> None:
    before(tmp_path, shape(plans, vmm=OTHER_QEMU))
    newer = {"golden_id": BEFORE, "shape": shape(plans)}
    keep(tmp_path, "snapshots", "snap-newer", key=newer, built_at="2027")
    assert changes(plans) == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"key": {"golden_id": "g-00000000000000bb"}}',
        '{"built_at": "2026", "key": "g-00000000000000bb"}',
        '{"built_at": "2026", "key": null}',
        '{"built_at": "2026", "key": {"golden_id": "g-00000000000000bb", "shape": "q35"}}',
    ],
)
def test_a_manifest_that_cannot_be_read_changes_nothing(
    tmp_path: Path, plans: PlansWithSnapshots, content: str
) -> None:
    before(tmp_path, {})
    (tmp_path / "snapshots" / f"snap-{BEFORE}" / "manifest.json").write_text(content)
    assert changes(plans) == []


def test_the_shape_is_that_of_the_machines_that_are_made(plans: PlansWithSnapshots) -> None:
    assert plans.plan().shape == desktops.shape_of("tcg", LIMITS)
