"""A golden of a few files, made by the real steps: each stored byte that is changed has a name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_golden import (
    AGENT,
    BASE,
    GOLDEN,
    RECIPE,
    desktop_key,
    snapshot_key,
    start_from,
    store_snapshot,
    tiny_builder,
)
from tiny_goldens import sign

from vestibule.core.errors import Absent, GoldenFailed
from vestibule.core.goldens import Damage
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens import scrub
from vestibule.drivers.goldens.build import PRODUCT, GoldenBuilder
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.pack import LISTING
from vestibule.drivers.goldens.signing import KeyFileSigner
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.goldens.verify import verify

OTHER = GoldenId("g-another")
DESK, OTHER_DESK = desktop_key(BASE.name), desktop_key("l-base-of-another")
SNAP, OTHERS_SNAP = snapshot_key(GOLDEN, DESK.name), snapshot_key(OTHER, DESK.name)
ALIEN_SNAP = snapshot_key(OTHER, OTHER_DESK.name)
"""Of another golden on another desktop."""


@pytest.fixture
def builder(tmp_path: Path, signer: KeyFileSigner) -> GoldenBuilder:
    return tiny_builder(tmp_path, signer)


@pytest.fixture
def store(builder: GoldenBuilder, tmp_path: Path, signer: KeyFileSigner) -> DirectoryGoldenStore:
    builder.build(lambda *_: None)
    for desktop in (DESK, OTHER_DESK):
        store_snapshot(tmp_path, "desktops", desktop, signer)
    for snapshot in (SNAP, OTHERS_SNAP, ALIEN_SNAP):
        store_snapshot(tmp_path, "snapshots", snapshot, signer)
    return DirectoryGoldenStore(Cache(tmp_path), RECIPE, signer)


def test_what_was_built_is_sound(store: DirectoryGoldenStore) -> None:
    assert store.verify(GOLDEN) == ()
    assert store.usable(GOLDEN).golden_id == GOLDEN


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(0o444)


@pytest.mark.parametrize(
    ("file", "product", "named"),
    [
        (f"layers/{BASE.name}/{PRODUCT}", BASE.name, PRODUCT),
        (f"layers/{AGENT.name}/{LISTING}", AGENT.name, LISTING),
        (f"goldens/{GOLDEN}/kernel", GOLDEN, "kernel"),
        (f"goldens/{GOLDEN}/sbom.json", GOLDEN, "sbom.json"),
        (f"snapshots/{SNAP.name}/memory.img", SNAP.name, "memory.img"),
        (f"desktops/{DESK.name}/memory.img", DESK.name, "memory.img"),
    ],
)
def test_one_changed_bit_of_a_product_is_named(
    store: DirectoryGoldenStore, tmp_path: Path, file: str, product: str, named: str
) -> None:
    _flip(tmp_path / file)
    assert Damage(product=product, file=named, problem="was changed") in store.verify(GOLDEN)


@pytest.mark.parametrize(
    "product",
    [f"goldens/{GOLDEN}", f"snapshots/{SNAP.name}", f"desktops/{DESK.name}"],
)
@pytest.mark.parametrize("spoil", [_flip, Path.unlink, lambda path: path.chmod(0o644) or path.write_text("")])
def test_a_statement_that_is_not_as_it_was_signed_is_named(
    store: DirectoryGoldenStore, tmp_path: Path, product: str, spoil: Callable[[Path], object]
) -> None:
    spoil(tmp_path / product / "provenance.json")
    found = [(damage.product, damage.file) for damage in store.verify(GOLDEN)]
    assert found == [(product.partition("/")[2], "provenance.json")]


def test_a_changed_file_of_the_root_is_named_where_it_came_from(
    store: DirectoryGoldenStore, tmp_path: Path
) -> None:
    with (tmp_path / "goldens" / GOLDEN / "rootfs/etc/base").open("r+b") as file:
        file.write(b"X")  # the inode is shared with the layer
    assert [(damage.product, damage.file) for damage in store.verify(GOLDEN)] == [
        (BASE.name, "rootfs/etc/base"),
        (GOLDEN, "rootfs/etc/base"),
    ]


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda root: (root / "usr/agent").unlink(), "is missing"),
        (lambda root: (root / "usr/more").write_text("planted"), "does not belong there"),
        (lambda root: (root / "usr/agent").chmod(0o755), "was changed"),
    ],
)
def test_what_came_went_or_has_another_mode_is_named(
    store: DirectoryGoldenStore, tmp_path: Path, harm: Callable[[Path], object], problem: str
) -> None:
    harm(tmp_path / "goldens" / GOLDEN / "rootfs")
    found = [damage for damage in store.verify(GOLDEN) if damage.product == GOLDEN]
    assert [damage.problem for damage in found] == [problem]


@pytest.mark.parametrize(
    ("product", "file"),
    [
        (f"{kind}/{name}", file)
        for kind, name, files in (
            ("layers", BASE.name, (PRODUCT, LISTING)),
            ("layers", AGENT.name, (PRODUCT, LISTING)),
            ("goldens", GOLDEN, ("kernel", "sbom.json")),
            ("desktops", DESK.name, ("memory.img",)),
            ("snapshots", SNAP.name, ("memory.img",)),
        )
        for file in (*files, "manifest.json", "provenance.json")
    ],
)
def test_any_byte_of_any_product_is_named_and_refuses_what_starts_from_it(
    store: DirectoryGoldenStore, tmp_path: Path, product: str, file: str
) -> None:
    path = tmp_path / product / file
    sound = path.read_bytes()
    for at in range(0, len(sound), max(1, len(sound) // 23)):
        changed = bytearray(sound)
        changed[at] ^= 1
        path.chmod(0o644)
        path.write_bytes(changed)
        named = {damage.product for damage in store.verify(GOLDEN)}
        assert path.parent.name in named, (file, at)
        with pytest.raises(GoldenFailed):
            start_from(store, DESK, SNAP)


def test_a_snapshot_that_says_to_be_of_another_golden_is_still_looked_at(
    store: DirectoryGoldenStore, tmp_path: Path
) -> None:
    """Clones start from its name: what its own manifest claims must not hide it."""
    manifest = tmp_path / "snapshots" / SNAP.name / "manifest.json"
    content = json.loads(manifest.read_text())
    content["key"]["golden_id"] = OTHER
    manifest.chmod(0o644)
    manifest.write_text(json.dumps(content))
    assert (SNAP.name, "manifest.json") in {(d.product, d.file) for d in store.verify(GOLDEN)}
    with pytest.raises(GoldenFailed, match=f"manifest.json of {SNAP.name} was changed"):
        store.require_sound(GOLDEN, manifest.parent)


def test_a_damaged_snapshot_leaves_its_golden_usable_for_who_needs_none(
    store: DirectoryGoldenStore, tmp_path: Path
) -> None:
    _flip(tmp_path / "snapshots" / SNAP.name / "memory.img")
    damages = store.verify(GOLDEN)
    assert store.usable(GOLDEN).golden_id == GOLDEN
    assert store.mend(GOLDEN) == ()
    assert store.discard(damages) == [SNAP.name]
    assert store.verify(GOLDEN) == ()


def test_nobody_pays_for_a_snapshot_that_cannot_be_read(store: DirectoryGoldenStore, tmp_path: Path) -> None:
    folder = tmp_path / "snapshots" / ALIEN_SNAP.name
    for file in ("manifest.json", "provenance.json"):
        (folder / file).unlink()
    assert store.verify(GOLDEN) == ()


def test_a_golden_that_was_made_again_while_it_was_read_is_read_again(
    store: DirectoryGoldenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or damage would be told of what is gone, and remembered of what took its place."""
    looks = 0

    def verify_while_it_changes(cache: Cache, golden_id: GoldenId) -> Iterator[Damage]:
        nonlocal looks
        looks += 1
        if looks == 1:
            (tmp_path / "snapshots" / SNAP.name / "memory.img").touch()
            yield Damage(product=GOLDEN, file="kernel", problem="is missing")
        yield from verify(cache, golden_id)

    monkeypatch.setattr(scrub, "verify", verify_while_it_changes)
    assert store.verify(GOLDEN) == ()
    assert looks == 2


def test_no_machine_starts_from_a_damaged_golden_until_it_is_sound_again(
    store: DirectoryGoldenStore, tmp_path: Path
) -> None:
    kernel = tmp_path / "goldens" / GOLDEN / "kernel"
    sound = kernel.read_bytes()
    _flip(kernel)
    store.verify(GOLDEN)
    with pytest.raises(GoldenFailed) as refused:
        store.usable(GOLDEN)
    assert refused.value.failure_code == "golden_corrupt"
    assert refused.value.cause == f"golden {GOLDEN} is damaged: kernel of {GOLDEN} was changed"
    assert f"verify {GOLDEN} --discard" in refused.value.remedy
    kernel.chmod(0o644)
    kernel.write_bytes(sound)
    assert store.verify(GOLDEN) == ()
    assert store.usable(GOLDEN).golden_id == GOLDEN


def test_discarding_takes_all_that_was_made_from_the_damaged_and_a_build_makes_it_again(
    store: DirectoryGoldenStore, builder: GoldenBuilder, tmp_path: Path
) -> None:
    _flip(tmp_path / "layers" / BASE.name / PRODUCT)
    removed = store.discard(store.verify(GOLDEN))
    assert removed == sorted([BASE.name, GOLDEN, DESK.name, SNAP.name, OTHERS_SNAP.name])
    assert not list((tmp_path / "work").iterdir())
    builder.build(lambda *_: None)
    assert store.verify(GOLDEN) == ()
    assert store.usable(GOLDEN).golden_id == GOLDEN


def test_a_damaged_desktop_goes_with_all_snapshots_that_were_made_from_it(
    store: DirectoryGoldenStore, tmp_path: Path
) -> None:
    _flip(tmp_path / "desktops" / DESK.name / "memory.img")
    removed = store.discard(store.verify(GOLDEN))
    assert removed == sorted([DESK.name, SNAP.name, OTHERS_SNAP.name])
    assert (tmp_path / "snapshots" / ALIEN_SNAP.name).is_dir()


def test_a_golden_is_merged_again_when_a_layer_below_it_was_made_again(
    store: DirectoryGoldenStore, builder: GoldenBuilder, tmp_path: Path, signer: KeyFileSigner
) -> None:
    shutil.rmtree(tmp_path / "layers" / BASE.name)
    before = (tmp_path / "goldens" / GOLDEN).stat().st_ino
    builder.build(lambda *_: None)
    assert store.verify(GOLDEN) == ()
    manifest = tmp_path / "layers" / BASE.name / "manifest.json"
    content = json.loads(manifest.read_text())
    content["digests"][PRODUCT] = "another"
    manifest.chmod(0o644)
    manifest.write_text(json.dumps(content))
    sign(tmp_path / "layers" / BASE.name, signer)
    builder.build(lambda *_: None)
    assert store.manifest(GOLDEN).disks[BASE.name] == "another"
    assert (tmp_path / "goldens" / GOLDEN).stat().st_ino != before


def test_a_golden_that_is_not_there_cannot_be_verified(store: DirectoryGoldenStore) -> None:
    with pytest.raises(Absent):
        store.verify(GoldenId("g-0000000000000000"))


def test_a_manifest_that_cannot_be_read_is_a_damage(store: DirectoryGoldenStore, tmp_path: Path) -> None:
    manifest = tmp_path / "goldens" / GOLDEN / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{")
    damages = store.verify(GOLDEN)
    assert [damage.file for damage in damages] == ["manifest.json"]
    assert GOLDEN in store.discard(damages)
