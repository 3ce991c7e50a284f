"""A golden's software bill of materials, CycloneDX 1.6: the same golden, the same bytes."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6

from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.contents import Package

SBOM = "sbom.json"
"""In the golden's folder."""
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:vestibule:golden")
_ALGORITHMS = {"sha1": HashAlgorithm.SHA_1, "sha256": HashAlgorithm.SHA_256, "sha512": HashAlgorithm.SHA_512}
_KINDS = {"deb": "debian", "npm": "npm", "generic": "python"}


def make_sbom(golden_id: GoldenId, contents: Sequence[Package]) -> bytes:
    """The document: no time in it, a serial number of the golden's name, components in order."""
    golden = Component(name=golden_id, type=ComponentType.CONTAINER, bom_ref=golden_id)
    components = [_component(package) for package in contents]
    bom = Bom(
        serial_number=uuid.uuid5(_NAMESPACE, golden_id),
        metadata=BomMetaData(component=golden),
        components=components,
    )
    bom.register_dependency(golden, components)
    return _spelled(json.loads(JsonV1Dot6(bom).output_as_string()))


def _spelled(document: dict[str, Any]) -> bytes:
    """The library always puts the present time in; CycloneDX does not ask for it."""
    del document["metadata"]["timestamp"]
    document["components"].sort(key=lambda component: component["bom-ref"])
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _component(package: Package) -> Component:
    purl = package.purl
    return Component(
        type=ComponentType.LIBRARY,
        name=purl.name,
        group=purl.namespace if purl.type == "npm" else None,
        version=purl.version,
        purl=purl,
        bom_ref=purl.to_string(),
        hashes=[HashType(alg=_ALGORITHMS[name], content=hex_) for name, hex_ in _known(package.digests)],
        components=[_file(purl.to_string(), path, digest) for path, digest in package.files.items()],
    )


def _known(digests: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, digest) for name, digest in digests.items() if name in _ALGORITHMS]


def _file(package: str, path: str, digest: str) -> Component:
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)]
    return Component(type=ComponentType.FILE, name=path, bom_ref=f"{package}#{path}", hashes=hashes)


def count_packages(path: Path) -> dict[str, int]:
    """How many packages of which kind a stored SBOM lists; empty when it cannot be read."""
    try:
        purls = [component["purl"] for component in json.loads(path.read_bytes())["components"]]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(Counter(_KINDS.get(purl.partition(":")[2].partition("/")[0], "other") for purl in purls))
