"""How a product came to be, as an in-toto Statement v1 with a SLSA v1 provenance predicate.

::

    subject              the product's files, named by their path in the cache
    buildDefinition      recipe's literals, and every input with its digest
    runDetails           builder, its programs' versions, began and ended

https://slsa.dev/spec/v1.0/provenance, https://github.com/in-toto/attestation
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vestibule.core.goldens import DesktopKey, LayerRecipe, Recipe, SnapshotKey
from vestibule.drivers.goldens.contents import Package

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
GOLDEN_BUILD = "urn:vestibule:build:golden:v1"
LAYER_BUILD = "urn:vestibule:build:layer:v1"
SNAPSHOT_BUILD = "urn:vestibule:build:snapshot:v1"
BUILDER_ID = "urn:vestibule:builder:v1"
_SHA256 = re.compile("[0-9a-f]{64}")

Subjects = Mapping[str, str]
"""Path in the cache → SHA-256."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a builder."""

    name: str
    """Of the product that it made."""
    began_at: dt.datetime
    ended_at: dt.datetime
    versions: Mapping[str, str]
    """The builder's own, its Python's, and those of its programs."""


def golden_statement(
    recipe: Recipe, subjects: Subjects, contents: Sequence[Package], layers: Mapping[str, Any], run: Run
) -> bytes:
    """Of a golden; ``layers``: name → what its manifest says of its making."""
    definition = {
        "buildType": GOLDEN_BUILD,
        "externalParameters": {kind: _literals(inputs) for kind, inputs in recipe.inputs.items()},
        "internalParameters": {"layers": layers},
        "resolvedDependencies": [*_input_files(recipe.inputs), *map(_package, contents)],
    }
    return _statement(subjects, definition, run)


def layer_statement(layer: LayerRecipe, subjects: Subjects, run: Run) -> bytes:
    """Of one layer, whose name covers its inputs and its parent's name."""
    parent = [{"uri": f"urn:vestibule:{layer.parent}"}] if layer.parent else []
    definition = {
        "buildType": LAYER_BUILD,
        "externalParameters": {layer.kind: _literals(layer.inputs)},
        "internalParameters": {},
        "resolvedDependencies": [*_input_files({layer.kind: layer.inputs}), *parent],
    }
    return _statement(subjects, definition, run)


def snapshot_statement(key: DesktopKey | SnapshotKey, subjects: Subjects, run: Run) -> bytes:
    """Of a golden's snapshot or a desktop's."""
    definition = {
        "buildType": SNAPSHOT_BUILD,
        "externalParameters": {"shape": dataclasses.asdict(key.shape), "settled": key.settled},
        "internalParameters": {},
        "resolvedDependencies": list(_below(key)),
    }
    return _statement(subjects, definition, run)


def _statement(subjects: Subjects, definition: Mapping[str, Any], run: Run) -> bytes:
    details = {
        "builder": {"id": BUILDER_ID, "version": dict(run.versions)},
        "metadata": {
            "invocationId": run.name,
            "startedOn": run.began_at.isoformat(),
            "finishedOn": run.ended_at.isoformat(),
        },
    }
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [_sha256(name, digest) for name, digest in sorted(subjects.items())],
        "predicateType": PREDICATE_TYPE,
        "predicate": {"buildDefinition": definition, "runDetails": details},
    }
    return json.dumps(statement, sort_keys=True, ensure_ascii=False).encode()


def subjects_of(statement: Mapping[str, Any]) -> dict[str, str]:
    """What a statement is about.  Raises KeyError or TypeError when it is none."""
    return {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}


def _sha256(name: str, digest: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": digest}}


def _is_digests(value: object) -> bool:
    """Whether an input is files by path rather than literals."""
    return isinstance(value, Mapping) and all(_SHA256.fullmatch(str(digest)) for digest in value.values())


def _literals(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if not _is_digests(value)}


def _input_files(by_kind: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for kind, inputs in by_kind.items():
        for group, files in inputs.items():
            if _is_digests(files):
                yield from (_sha256(f"{kind}/{group}/{path}", files[path]) for path in sorted(files))


def _package(package: Package) -> dict[str, Any]:
    digest = {"digest": dict(package.digests)} if package.digests else {}
    return {"uri": package.purl.to_string(), **digest}


def _below(key: DesktopKey | SnapshotKey) -> Iterator[dict[str, Any]]:
    """What the memory was filled by: QEMU, the layers' disks, and the products that it goes on from."""
    yield _sha256("qemu", key.shape.vmm)
    yield from (_sha256(f"layers/{layer}", digest) for layer, digest in sorted(key.disks.items()))
    if isinstance(key, SnapshotKey):
        yield from ({"uri": f"urn:vestibule:{name}"} for name in (key.golden_id, key.desktop))
