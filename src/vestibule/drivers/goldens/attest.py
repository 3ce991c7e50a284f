"""Says of a finished product what is in it and how it came to be, before it is published.

::

    products ─▶ sbom.json ─▶ manifest.json (digests of both) ─▶ provenance.json, signed, about all of them
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vestibule.core.goldens import DesktopKey, LayerRecipe, Recipe, SnapshotKey
from vestibule.drivers.goldens.cache import Cache, file_digest, make_read_only
from vestibule.drivers.goldens.contents import Package, read_contents
from vestibule.drivers.goldens.program_versions import own_versions, program_versions
from vestibule.drivers.goldens.sbom import SBOM, make_sbom
from vestibule.drivers.goldens.signing import PROVENANCE, Signer
from vestibule.drivers.goldens.statements import Run, golden_statement, layer_statement, snapshot_statement

MANIFEST = "manifest.json"
_TOLD = ("kind", "built_at", "build_s", "steps", "made_with")
"""Of a layer's manifest: how it was made."""


class Attestor:
    """Writes SBOM and statement of one recipe's golden."""

    def __init__(self, cache: Cache, recipe: Recipe, signer: Signer) -> None:
        self._cache = cache
        self._recipe = recipe
        self._signer = signer

    def made_with(self, kind: str) -> Mapping[str, str]:
        """Versions of the programs that make a layer of this kind, or the golden."""
        return program_versions(kind)

    def write_sbom(self, folder: Path) -> str:
        """Into the golden's work folder; returns the file's name, one more product."""
        _write(folder / SBOM, make_sbom(self._recipe.golden_id, self._contents()))
        return SBOM

    def write_layer_statement(self, folder: Path, layer: LayerRecipe, began_at: dt.datetime) -> None:
        """Into a layer's work folder, whose manifest is there."""
        run = Run(
            name=layer.name,
            began_at=began_at,
            ended_at=dt.datetime.now(dt.UTC),
            versions=self.made_with(layer.kind),
        )
        subjects = product_subjects("layers", layer.name, folder)
        _write(folder / PROVENANCE, self._signer.sign(layer_statement(layer, subjects, run)))

    def write_statement(self, folder: Path, began_at: dt.datetime) -> None:
        """Into the golden's work folder, whose manifest is there."""
        name, layers = self._recipe.golden_id, self._manifests
        subjects = product_subjects("goldens", name, folder)
        for layer, manifest in layers.items():
            subjects |= {f"layers/{layer}/{file}": digest for file, digest in manifest["digests"].items()}
        run = Run(
            name=name,
            began_at=began_at,
            ended_at=dt.datetime.now(dt.UTC),
            versions=program_versions("golden"),
        )
        made = {layer: {key: manifest.get(key) for key in _TOLD} for layer, manifest in layers.items()}
        statement = golden_statement(self._recipe, subjects, self._contents(), made, run)
        _write(folder / PROVENANCE, self._signer.sign(statement))

    def _contents(self) -> Sequence[Package]:
        digests: dict[str, str] = {}
        for manifest in self._manifests.values():
            digests |= manifest["details"].get("package_digests", {})
        return read_contents(self._recipe, self._roots, digests)

    @property
    def _roots(self) -> dict[str, Path]:
        layers = self._recipe.layers
        return {layer.kind: self._cache.path("layers", layer.name) / "rootfs" for layer in layers}

    @property
    def _manifests(self) -> dict[str, Mapping[str, Any]]:
        folders = {layer.name: self._cache.path("layers", layer.name) for layer in self._recipe.layers}
        return {name: json.loads((folder / MANIFEST).read_text()) for name, folder in folders.items()}


def attest_snapshot(
    folder: Path, kind: str, key: DesktopKey | SnapshotKey, signer: Signer | None, seconds: float
) -> None:
    """State how a snapshot came to be, whose manifest is there and whose making took ``seconds``."""
    if signer is None:
        return
    now = dt.datetime.now(dt.UTC)
    run = Run(
        name=key.name,
        began_at=now - dt.timedelta(seconds=seconds),
        ended_at=now,
        versions=own_versions(),
    )
    subjects = product_subjects(kind, key.name, folder)
    _write(folder / PROVENANCE, signer.sign(snapshot_statement(key, subjects, run)))


def product_subjects(kind: str, name: str, folder: Path) -> dict[str, str]:
    """Path in the cache → SHA-256: the files that a manifest tells of, and the manifest itself."""
    manifest = folder / MANIFEST
    files = {**json.loads(manifest.read_text())["digests"], MANIFEST: file_digest(manifest)}
    return {f"{kind}/{name}/{file}": digest for file, digest in files.items()}


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    make_read_only(path)
