"""What is written down of a golden, gathered for whoever asks; nothing is checked but the signature."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from vestibule.core.goldens import Manifest
from vestibule.core.provenance import GoldenReport, ProductReport, Provenance, Signature
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.sbom import SBOM, count_packages
from vestibule.drivers.goldens.signing import PROVENANCE, Signer


def read_provenance(folder: Path, signer: Signer | None) -> Provenance:
    """The statement in a product's folder; without a signer there is nobody who could read it."""
    try:
        envelope = (folder / PROVENANCE).read_bytes()
    except FileNotFoundError:
        return Provenance(signature=Signature.ABSENT)
    except OSError:
        return Provenance(signature=Signature.BROKEN)
    return signer.read(envelope) if signer else Provenance(signature=Signature.ABSENT)


def report_of(cache: Cache, manifest: Manifest, signer: Signer | None) -> GoldenReport:
    """Everything of a golden that is stored."""
    folder = cache.path("goldens", manifest.golden_id)
    return GoldenReport(
        products=tuple(_products(cache, manifest)),
        packages=count_packages(folder / SBOM),
        provenance=read_provenance(folder, signer),
    )


def _layer(cache: Cache, name: str) -> ProductReport:
    """What cannot be read is left out: ``verify`` is who complains."""
    try:
        made = dict(json.loads((cache.path("layers", name) / "manifest.json").read_text()))
    except (OSError, ValueError, TypeError):
        made = {}
    return ProductReport(
        kind=made.get("kind", name.split("-")[1]),
        name=name,
        built_at=made.get("built_at", ""),
        build_s=made.get("build_s", 0.0),
        steps=made.get("steps", {}),
        made_with=made.get("made_with", {}),
    )


def _products(cache: Cache, manifest: Manifest) -> Iterator[ProductReport]:
    yield from (_layer(cache, name) for name in manifest.layers)
    yield ProductReport(
        kind="golden",
        name=manifest.golden_id,
        built_at=manifest.built_at.isoformat(),
        build_s=manifest.build_s,
        steps=manifest.steps,
        made_with=manifest.made_with,
    )
