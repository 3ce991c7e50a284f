"""A golden of a few files, made by the real steps and signed with a key of the test's own."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

from vestibule.core.goldens import DesktopKey, LayerRecipe, MachineShape, Recipe, SnapshotKey
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.attest import Attestor, attest_snapshot
from vestibule.drivers.goldens.build import PRODUCT, Build, BuildStep, GoldenBuilder, Workshop
from vestibule.drivers.goldens.cache import Cache, file_digest
from vestibule.drivers.goldens.pack import LISTING, merge_layers, unpack_rootfs
from vestibule.drivers.goldens.packages import STATUS
from vestibule.drivers.goldens.signing import KeyFileSigner
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.goldens.verify_statements import is_believed

CODE, AGENT_FILE = "c0" * 32, "a9" * 32
BASE = LayerRecipe(kind="base", inputs={"x": "1", "builder": {"base_layer.py": CODE}}, parent=None)
TOOLS = LayerRecipe(kind="tools", inputs={"spec": {"folder": "/opt/tools"}}, parent=BASE.name)
AGENT = LayerRecipe(
    kind="agent",
    inputs={"spec": {"package": "/usr/lib/vestibule_agent/"}, "package": {"main.py": AGENT_FILE}},
    parent=TOOLS.name,
)
RECIPE = Recipe(layers=(BASE, TOOLS, AGENT))
GOLDEN = RECIPE.golden_id
MODULES = "opt/tools/node_modules"

DPKG = """\
Package: python3-h11
Status: install ok installed
Architecture: all
Version: 0.14.0-1
Description: a text
 with a second: line

Package: bash
Status: install ok installed
Architecture: amd64
Version: 1:5.2+b1

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
DEBIAN_DIGESTS = {"python3-h11": "b1" * 32, "bash": "b2" * 32}
LOCK = {
    "packages": {
        "": {"name": "tools"},
        "node_modules/@org/tool": {"version": "1.2.3", "integrity": "sha512-q83vEjRW"},
        "node_modules/@org/tool/node_modules/dep": {"version": "4.0.0", "integrity": "sha512-EjRW"},
        "node_modules/@org/tool-darwin": {"version": "1.2.3", "integrity": "sha512-AAAA", "optional": True},
    }
}
BASE_FILES = {"etc/base": b"lower", "etc/both": b"lower", "var/lib/dpkg/status": DPKG.encode()}
TOOLS_FILES = {
    "opt/tools/package-lock.json": json.dumps(LOCK).encode(),
    f"{MODULES}/@org/tool/package.json": b"{}",
    f"{MODULES}/@org/tool/node_modules/dep/package.json": b"{}",
}
AGENT_FILES = {"etc/both": b"upper", "usr/agent": b"agent"}


def _tar(files: Mapping[str, bytes]) -> Callable[[Workshop], None]:
    def act(shop: Workshop) -> None:
        if STATUS.as_posix() in files:
            shop.details["package_digests"] = DEBIAN_DIGESTS
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


def _layer(recipe: LayerRecipe, files: Mapping[str, bytes]) -> Build:
    steps = (
        BuildStep(name=f"{recipe.kind} pack", act=_tar(files)),
        BuildStep(name=f"{recipe.kind} unpack", act=unpack_rootfs),
    )
    return Build(kind="layers", name=recipe.name, steps=steps, products=(PRODUCT, LISTING))


def _kernel(shop: Workshop) -> None:
    (shop.folder / "kernel").write_bytes(b"a kernel")


def signer_in(folder: Path) -> KeyFileSigner:
    """The signer of a host whose state folder this is."""
    return KeyFileSigner(folder / "golden-signing.key")


def tiny_builder(root: Path, signer: KeyFileSigner | None) -> GoldenBuilder:
    """Builds the tiny golden in a cache; as an older release did without a signer."""
    cache = Cache(root)
    steps = (BuildStep(name="merge", act=merge_layers), BuildStep(name="kernel", act=_kernel))
    return GoldenBuilder(
        cache,
        RECIPE,
        [_layer(BASE, BASE_FILES), _layer(TOOLS, TOOLS_FILES), _layer(AGENT, AGENT_FILES)],
        Build(kind="goldens", name=GOLDEN, steps=steps, products=("kernel",)),
        min_mem_mib=1024,
        agent_build="b",
        tools={"t": "1"},
        attestor=Attestor(cache, RECIPE, signer) if signer else None,
        believed=functools.partial(is_believed, cache, signer) if signer else lambda _kind, _name: True,
    )


SHAPE = MachineShape(vmm="fe" * 32, machine="pc", cpu="max", accelerator="tcg", mem_mib=1024, vcpus=2)


def desktop_key(layer: str) -> DesktopKey:
    """Of a desktop snapshot that runs on this layer."""
    return DesktopKey(shape=SHAPE, disks={layer: "d1" * 32}, settled="quiet")


def snapshot_key(golden_id: GoldenId, desktop: str) -> SnapshotKey:
    """Of a golden's snapshot that goes on from this desktop's."""
    disks = {AGENT.name: "d2" * 32}
    return SnapshotKey(golden_id=golden_id, shape=SHAPE, disks=disks, desktop=desktop, settled="quiet")


def start_from(store: DirectoryGoldenStore, desktop: DesktopKey, snapshot: SnapshotKey) -> None:
    """What is asked before a machine is started from the tiny golden, or a snapshot is made of a desktop's.

    Raises GoldenFailed ``golden_corrupt``.
    """
    store.usable(GOLDEN)
    store.require_sound(GOLDEN, store.cache.path("desktops", desktop.name))
    store.require_sound(GOLDEN, store.cache.path("snapshots", snapshot.name))


def store_snapshot(root: Path, kind: str, key: DesktopKey | SnapshotKey, signer: KeyFileSigner) -> None:
    """Store one of a few bytes, with its statement."""
    folder = root / kind / key.name
    folder.mkdir(parents=True)
    (folder / "memory.img").write_bytes(b"memory")
    digests = {"memory.img": file_digest(folder / "memory.img")}
    manifest = {"key": dataclasses.asdict(key), "digests": digests}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    attest_snapshot(folder, kind, key, signer, 2.0)
