"""A golden of a few files, made by the real steps: each stored byte that is changed has a name."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vestibule.core.errors import Absent, GoldenFailed
from vestibule.core.goldens import Damage, LayerRecipe, Recipe
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.build import PRODUCT, Build, BuildStep, GoldenBuilder, Workshop
from vestibule.drivers.goldens.cache import Cache, file_digest
from vestibule.drivers.goldens.pack import LISTING, merge_layers, unpack_rootfs
from vestibule.drivers.goldens.store import DirectoryGoldenStore

BASE = LayerRecipe(kind="base", inputs={"x": "1"}, parent=None)
AGENT = LayerRecipe(kind="agent", inputs={"y": "1"}, parent=BASE.name)
RECIPE = Recipe(layers=(BASE, AGENT))
GOLDEN = RECIPE.golden_id


def _tar(files: dict[str, bytes]) -> Callable[[Workshop], None]:
    def act(shop: Workshop) -> None:
        (shop.folder / PRODUCT).write_bytes(b"image of " + b",".join(files.values()))
        with tarfile.open(shop.folder / "layer.tar", "w") as tar:
            for name, content in files.items():
                info = tarfile.TarInfo(f"./{name}")
                info.size, info.mode = len(content), 0o644
                tar.addfile(info, io.BytesIO(content))
            link = tarfile.TarInfo("./link")
            link.type, link.linkname = tarfile.SYMTYPE, "etc/base"
            tar.addfile(link)

    return act


def _layer(recipe: LayerRecipe, files: dict[str, bytes]) -> Build:
    steps = (BuildStep(name="pack", act=_tar(files)), BuildStep(name="unpack", act=unpack_rootfs))
    return Build(kind="layers", name=recipe.name, steps=steps, products=(PRODUCT, LISTING))


def _kernel(shop: Workshop) -> None:
    (shop.folder / "kernel").write_bytes(b"a kernel")


@pytest.fixture
def builder(tmp_path: Path) -> GoldenBuilder:
    layers = [
        _layer(BASE, {"etc/base": b"lower", "etc/both": b"lower"}),
        _layer(AGENT, {"etc/both": b"upper", "usr/agent": b"agent"}),
    ]
    steps = (BuildStep(name="merge", act=merge_layers), BuildStep(name="kernel", act=_kernel))
    golden = Build(kind="goldens", name=GOLDEN, steps=steps, products=("kernel",))
    return GoldenBuilder(
        Cache(tmp_path), RECIPE, layers, golden, min_mem_mib=1024, agent_build="b", tools={"t": "1"}
    )


def _snapshot(folder: Path, key: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    (folder / "memory.img").write_bytes(b"memory")
    digests = {"memory.img": file_digest(folder / "memory.img")}
    (folder / "manifest.json").write_text(json.dumps({"key": key, "digests": digests}))


@pytest.fixture
def store(builder: GoldenBuilder, tmp_path: Path) -> DirectoryGoldenStore:
    builder.build(lambda *_: None)
    _snapshot(tmp_path / "desktops" / "desk-1", {"disks": {BASE.name: "x"}})
    _snapshot(tmp_path / "desktops" / "desk-2", {"disks": {"l-base-of-another": "x"}})
    _snapshot(tmp_path / "snapshots" / "snap-1", {"golden_id": GOLDEN, "desktop": "desk-1"})
    _snapshot(tmp_path / "snapshots" / "snap-2", {"golden_id": "g-another", "desktop": "desk-1"})
    _snapshot(tmp_path / "snapshots" / "snap-3", {"golden_id": "g-another", "desktop": "desk-2"})
    return DirectoryGoldenStore(Cache(tmp_path), RECIPE)


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
        ("snapshots/snap-1/memory.img", "snap-1", "memory.img"),
        ("desktops/desk-1/memory.img", "desk-1", "memory.img"),
    ],
)
def test_one_changed_bit_of_a_product_is_named(
    store: DirectoryGoldenStore, tmp_path: Path, file: str, product: str, named: str
) -> None:
    _flip(tmp_path / file)
    assert Damage(product=product, file=named, problem="was changed") in store.verify(GOLDEN)


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
    assert "verify --discard" in refused.value.remedy
    kernel.chmod(0o644)
    kernel.write_bytes(sound)
    assert store.verify(GOLDEN) == ()
    assert store.usable(GOLDEN).golden_id == GOLDEN


def test_discarding_takes_all_that_was_made_from_the_damaged_and_a_build_makes_it_again(
    store: DirectoryGoldenStore, builder: GoldenBuilder, tmp_path: Path
) -> None:
    _flip(tmp_path / "layers" / BASE.name / PRODUCT)
    removed = store.discard(GOLDEN, store.verify(GOLDEN))
    assert removed == sorted([BASE.name, GOLDEN, "desk-1", "snap-1", "snap-2"])
    assert not list((tmp_path / "work").iterdir())
    builder.build(lambda *_: None)
    assert store.verify(GOLDEN) == ()
    assert store.usable(GOLDEN).golden_id == GOLDEN


def test_a_damaged_desktop_goes_with_all_snapshots_that_were_made_from_it(
    store: DirectoryGoldenStore, tmp_path: Path
) -> None:
    _flip(tmp_path / "desktops" / "desk-1" / "memory.img")
    removed = store.discard(GOLDEN, store.verify(GOLDEN))
    assert removed == sorted([GOLDEN, "desk-1", "snap-1", "snap-2"])
    assert (tmp_path / "snapshots" / "snap-3").is_dir()


def test_a_golden_is_merged_again_when_a_layer_below_it_was_made_again(
    store: DirectoryGoldenStore, builder: GoldenBuilder, tmp_path: Path
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
    assert GOLDEN in store.discard(GOLDEN, damages)
