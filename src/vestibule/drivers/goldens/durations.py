"""How long each step of a renewal took the last time on this host: what the next one's estimates are."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from vestibule.core.renewal import Phase
from vestibule.drivers.goldens.cache import Cache

_SEPARATOR = ": "


class Durations:
    """A small file in the cache; without it there are no estimates, and nothing else is lost."""

    def __init__(self, cache: Cache) -> None:
        self._path = cache.root / "durations.json"

    def read(self) -> Mapping[tuple[Phase, str], float]:
        """Phase and step → seconds; empty when there is no such file or it cannot be read."""
        try:
            return {
                _key(name): float(seconds) for name, seconds in json.loads(self._path.read_text()).items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def remember(self, took: Mapping[tuple[Phase, str], float]) -> None:
        """Put these in the place of what was remembered of the same steps."""
        known = {**self.read(), **took}
        aside = self._path.with_suffix(f".{os.getpid()}")
        aside.write_text(
            json.dumps({_SEPARATOR.join(key): seconds for key, seconds in known.items()}, indent=1)
        )
        aside.rename(self._path)


def _key(name: str) -> tuple[Phase, str]:
    phase, _, step = name.partition(_SEPARATOR)
    return Phase(phase), step
