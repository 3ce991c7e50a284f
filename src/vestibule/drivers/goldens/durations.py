"""How long this host took the last time, by what its newest manifests say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vestibule.drivers.goldens.cache import Cache


class Durations:
    """Looks at the newest product of a kind; what older releases wrote has fewer answers."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def seconds(self, kind: str, name: str) -> float | None:
        """Of the newest product like ``name`` (``l-base-…``: any base layer); None when there is none."""
        taken = self._newest(kind, name).get("build_s")
        return None if taken is None else float(taken)

    def steps(self, kind: str, name: str) -> Mapping[str, float]:
        """The same by step."""
        steps = self._newest(kind, name).get("steps")
        return steps if isinstance(steps, dict) else {}

    def _newest(self, kind: str, name: str) -> Mapping[str, Any]:
        prefix = name.rpartition("-")[0]
        found = self._manifests(self._cache.root.glob(f"{kind}/{prefix}-*/manifest.json"))
        return max(found, key=lambda manifest: str(manifest.get("built_at")), default={})

    def _manifests(self, paths: Iterator[Path]) -> Iterator[Mapping[str, Any]]:
        for path in paths:
            try:
                manifest = json.loads(path.read_text())
            except (OSError, ValueError):  # damaged, or collected a moment ago: others tell
                continue
            if isinstance(manifest, dict):
                yield manifest
