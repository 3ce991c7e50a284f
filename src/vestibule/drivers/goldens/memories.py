"""Stored memory snapshots, as a collector sees them: whose they are, above which disks, of which shape."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from vestibule.drivers.goldens.cache import Cache

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
            yield Memory(kind=kind, name=path.name, key=_key(path / "manifest.json"))


def _key(manifest: Path) -> Mapping[str, Any]:
    try:
        key = json.loads(manifest.read_text())["key"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return key if isinstance(key, dict) else {}
