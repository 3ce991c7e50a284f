"""Compares what signed statements say with what is stored: the last link from a file to who made it.

``verify`` holds the files against their manifests; this holds the manifests against the statements.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vestibule.core.goldens import Damage
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.attest import MANIFEST, product_subjects
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.report import read_provenance
from vestibule.drivers.goldens.signing import PROVENANCE, Signer
from vestibule.drivers.goldens.statements import subjects_of
from vestibule.drivers.goldens.verify import snapshots_of

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)
"""Of a manifest that is damaged; ``verify`` tells that."""


def verify_statements(cache: Cache, golden_id: GoldenId, signer: Signer) -> Iterator[Damage]:
    """What is wrong with the statements of the golden, its layers and snapshots; a stranger's key is."""
    try:
        layers = json.loads((cache.path("goldens", golden_id) / MANIFEST).read_text())["layers"]
    except _UNREADABLE:
        return
    yield from verify_disk_statements(cache, golden_id, layers, signer)
    for snapshot in snapshots_of(cache, golden_id, layers):
        yield from verify_statement(snapshot, signer)


def verify_disk_statements(
    cache: Cache, golden_id: GoldenId, layers: Sequence[str], signer: Signer
) -> Iterator[Damage]:
    """The same without the snapshots."""
    for layer in layers:
        yield from verify_statement(cache.path("layers", layer), signer)
    yield from verify_golden_statement(cache, golden_id, signer)


def verify_statement(folder: Path, signer: Signer) -> Iterator[Damage]:
    """What is wrong with a finished product's statement; of a golden, use ``verify_golden_statement``."""
    try:
        stored = product_subjects(folder.parent.name, folder.name, folder)
    except _UNREADABLE:
        return
    yield from _compare(folder, stored, signer)


def verify_golden_statement(cache: Cache, golden_id: GoldenId, signer: Signer) -> Iterator[Damage]:
    """The same of a golden, whose statement speaks of its layers' files too."""
    golden = cache.path("goldens", golden_id)
    try:
        stored = product_subjects("goldens", golden_id, golden)
        for layer in json.loads((golden / MANIFEST).read_text())["layers"]:
            stored |= _layer_subjects(cache, layer)
    except _UNREADABLE:
        return
    yield from _compare(golden, stored, signer)


def is_believed(cache: Cache, signer: Signer, kind: str, name: str) -> bool:
    """Whether a finished product's statement is by a key that this host trusts, and speaks of these files."""
    if kind == "goldens":
        return not any(verify_golden_statement(cache, GoldenId(name), signer))
    return not any(verify_statement(cache.path(kind, name), signer))


def _layer_subjects(cache: Cache, layer: str) -> dict[str, str]:
    """Without the manifest: it alone differs when a layer is made again byte for byte."""
    digests = json.loads((cache.path("layers", layer) / MANIFEST).read_text())["digests"]
    return {f"layers/{layer}/{file}": digest for file, digest in digests.items()}


def _compare(folder: Path, stored: Mapping[str, str], signer: Signer) -> Iterator[Damage]:
    found = read_provenance(folder, signer)
    if not found.believed:
        yield Damage(product=folder.name, file=PROVENANCE, problem=found.line)
        return
    try:
        stated = subjects_of(found.statement)
    except (KeyError, TypeError):
        yield Damage(product=folder.name, file=PROVENANCE, problem="is not a statement about this product")
        return
    for name in sorted({*stored, *stated}):
        if stored.get(name) != stated.get(name):
            problem = f"speaks of another {name} than is stored"
            yield Damage(product=folder.name, file=PROVENANCE, problem=problem)
