"""Goldens of a few files, laid into a real cache as finished products are."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vestibule.core.goldens import Manifest
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.attest import product_subjects
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.signing import PROVENANCE, KeyFileSigner
from vestibule_agent.protocol import CONTRACT

T0 = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
LAYER_BYTES, GOLDEN_BYTES, SNAPSHOT_BYTES = 64 << 10, 8 << 10, 32 << 10


def _write(folder: Path, name: str, size: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(os.urandom(size))


def _finish(folder: Path, manifest: Mapping[str, Any]) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest))


def add_layer(cache: Cache, name: str) -> None:
    """A layer with a disk image and a root of one file."""
    folder = cache.path("layers", name)
    if not folder.exists():
        _write(folder, "layer.sqfs", LAYER_BYTES // 2)
        _write(folder / "rootfs", "file", LAYER_BYTES // 2)
        told = {"name": name, "built_at": T0.isoformat(), "build_s": 2.0}
        _finish(folder, {**told, "digests": {}, "parent_disk": ""})


def add_golden(
    cache: Cache,
    golden_id: str,
    layers: Sequence[str],
    *,
    minute: int = 0,
    contract: int = CONTRACT,
    inputs: Mapping[str, Any] | None = None,
) -> Manifest:
    """A golden built in that minute; its root is hard links to its layers' roots."""
    for layer in layers:
        add_layer(cache, layer)
    folder = cache.path("goldens", golden_id)
    _write(folder, "kernel", GOLDEN_BYTES)
    (folder / "rootfs").mkdir()
    for layer in layers:
        (folder / "rootfs" / layer).hardlink_to(cache.path("layers", layer) / "rootfs/file")
    manifest = Manifest(
        golden_id=GoldenId(golden_id),
        agent_build="b" * 64,
        layers=tuple(layers),
        inputs=inputs or {"tools": {"spec": {"versions": {}, "check": {}}}},
        digests={},
        tools={"codex": "1.2.3"},
        built_at=T0 + dt.timedelta(minutes=minute),
        build_s=4.25,
        disks=dict.fromkeys(layers, ""),
        contract=contract,
    )
    _finish(folder, manifest.to_mapping())
    return manifest


def add_snapshot(
    cache: Cache, name: str, golden_id: str, layers: Sequence[str], *, qemu: str = "one"
) -> None:
    """Memory of a golden, saved above these layers' disks."""
    key = {"golden_id": golden_id, "disks": dict.fromkeys(layers, "0" * 64), "shape": {"vmm": qemu}}
    _add_memory(cache.path("snapshots", name), key)


def add_desktop(cache: Cache, name: str, layers: Sequence[str], *, qemu: str = "one") -> None:
    """Memory of a desktop, saved above these layers' disks."""
    _add_memory(
        cache.path("desktops", name),
        {"disks": dict.fromkeys(layers, "0" * 64), "shape": {"vmm": qemu}},
    )


def _add_memory(folder: Path, key: Mapping[str, Any]) -> None:
    _write(folder, "memory", SNAPSHOT_BYTES)
    _finish(folder, {"key": key, "digests": {}})


def sign(folder: Path, signer: KeyFileSigner) -> None:
    """State of a stored product that it was made here; there is no more in the statement than is compared."""
    subjects = product_subjects(folder.parent.name, folder.name, folder)
    if folder.parent.name == "goldens":
        for layer in json.loads((folder / "manifest.json").read_text())["layers"]:
            digests = json.loads((folder.parents[1] / "layers" / layer / "manifest.json").read_text())[
                "digests"
            ]
            subjects |= {f"layers/{layer}/{file}": digest for file, digest in digests.items()}
    stated = [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects.items()]
    (folder / PROVENANCE).unlink(missing_ok=True)
    (folder / PROVENANCE).write_bytes(signer.sign(json.dumps({"subject": stated}).encode()))


def sign_all(cache: Cache, key: Path) -> None:
    """The same of all that is stored."""
    for manifest in cache.root.glob("*/*/manifest.json"):
        sign(manifest.parent, KeyFileSigner(key))
