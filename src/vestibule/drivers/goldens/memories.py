"""Stored memory snapshots, as a collector sees them: whose they are, above which disks, of which shape."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from vestibule.core.goldens import content_name
from vestibule.drivers.goldens.attest import MANIFEST
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.signing import PROVENANCE

_URN = "urn:vestibule:"
KINDS = ("snapshots", "desktops")
"""Goldens' first: they were made from the desktops'."""

Fits = Callable[[str, Mapping[str, Any]], bool]
"""Whether a machine could go on from memory of this kind with this key, as host and settings are now."""


def all_fit(_kind: str, _key: Mapping[str, Any]) -> bool:
    """Where nobody knows what machines look like here."""
    return True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Memory:
    """One of them."""

    kind: str
    name: str
    key: Mapping[str, Any]
    """All that it depends on; empty when its manifest is damaged."""

    @property
    def user(self) -> str | None:
        """The golden that it is of; None of a desktop's."""
        golden_id = self.key.get("golden_id")
        return str(golden_id) if golden_id else None

    @property
    def layers(self) -> AbstractSet[str]:
        """The layers whose disks it was taken above."""
        disks = self.key.get("disks")
        return {*disks} if isinstance(disks, Mapping) else set()

    def serves(self, golden_id: str, layers: AbstractSet[str]) -> bool:
        """Whether that golden's machines, or its snapshot, are made from it."""
        return self.user == golden_id or (self.user is None and bool(self.layers) and self.layers <= layers)


def memories(cache: Cache) -> Iterator[Memory]:
    """All of them."""
    for kind in KINDS:
        for path in sorted(cache.root.glob(f"{kind}/*")):
            yield Memory(kind=kind, name=path.name, key=_key(path / MANIFEST))


def belongs(folder: Path, golden_id: str, layers: AbstractSet[str]) -> bool:
    """Whether its manifest or its statement says that this golden's machines are made from it.

    Either alone may have been written to; and neither is believed here.
    """
    stated = _stated(folder)
    told = Memory(kind=folder.parent.name, name=folder.name, key=_key(folder / MANIFEST))
    return told.serves(golden_id, layers) or stated.serves(golden_id, layers)


def _stated(folder: Path) -> Memory:
    """As its statement describes it: a golden's dependencies name the golden, all name their disks."""
    try:
        envelope = json.loads((folder / PROVENANCE).read_text())
        statement = json.loads(base64.b64decode(envelope["payload"]))
        found = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
        names = [str(entry.get("name", entry.get("uri", ""))) for entry in found]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        names = []
    goldens = [name.removeprefix(_URN) for name in names if name.startswith(f"{_URN}g-")]
    disks = {name.removeprefix("layers/"): "" for name in names if name.startswith("layers/")}
    key = {"golden_id": next(iter(goldens), None), "disks": disks}
    return Memory(kind=folder.parent.name, name=folder.name, key=key)


def is_of_its_name(folder: Path) -> bool:
    """Whether its manifest's key makes just this name, as everything that it depends on is in the key."""
    key = _key(folder / MANIFEST)
    return bool(key) and content_name(folder.name.partition("-")[0], key) == folder.name


def _key(manifest: Path) -> Mapping[str, Any]:
    try:
        key = json.loads(manifest.read_text())["key"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return key if isinstance(key, dict) else {}
