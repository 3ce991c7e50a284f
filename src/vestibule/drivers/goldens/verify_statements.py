"""Compares what signed statements say with what is stored: the last link from a file to who made it.

``verify`` holds the files against their manifests; this holds the manifests against the statements.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from vestibule.core.goldens import Damage
from vestibule.core.ids import GoldenId
from vestibule.core.provenance import Signature
from vestibule.drivers.goldens.attest import MANIFEST, product_subjects
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.report import read_provenance
from vestibule.drivers.goldens.signing import PROVENANCE, Signer
from vestibule.drivers.goldens.statements import subjects_of
from vestibule.drivers.goldens.verify import desktops_of, snapshots_of


def verify_statements(cache: Cache, golden_id: GoldenId, signer: Signer) -> Iterator[Damage]:
    """What is wrong with the statements of the golden and of its snapshots; a foreign key alone is not."""
    golden = cache.path("goldens", golden_id)
    try:
        layers = json.loads((golden / MANIFEST).read_text())["layers"]
        stored = product_subjects("goldens", golden_id, golden)
        for layer in layers:
            stored |= _layer_subjects(cache, layer)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return  # a manifest that cannot be read: that is told already
    yield from _compare(golden, stored, signer)
    for snapshot in (*desktops_of(cache, layers), *snapshots_of(cache, golden_id)):
        yield from _compare(snapshot, product_subjects(snapshot.parent.name, snapshot.name, snapshot), signer)


def _layer_subjects(cache: Cache, layer: str) -> dict[str, str]:
    """Without the manifest: it alone differs when a layer is made again byte for byte."""
    digests = json.loads((cache.path("layers", layer) / MANIFEST).read_text())["digests"]
    return {f"layers/{layer}/{file}": digest for file, digest in digests.items()}


def _compare(folder: Path, stored: Mapping[str, str], signer: Signer) -> Iterator[Damage]:
    found = read_provenance(folder, signer)
    if found.signature in {Signature.ABSENT, Signature.BROKEN}:
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
