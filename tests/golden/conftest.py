from __future__ import annotations

import pytest

from vestibule.core.goldens import Manifest
from vestibule.drivers.goldens.compose import Goldens
from vestibule.drivers.goldens.store import GoldenFiles
from vestibule.machinery import goldens_of
from vestibule.settings import Settings


@pytest.fixture(scope="session")
def goldens() -> Goldens:
    return goldens_of(Settings())


@pytest.fixture(scope="session")
def manifest(goldens: Goldens) -> Manifest:
    """The wanted golden, built on first use."""
    return goldens.builder.build(lambda _step, _index, _total, _seconds: None)


@pytest.fixture(scope="session")
def files(goldens: Goldens, manifest: Manifest) -> GoldenFiles:
    return goldens.store.files(manifest.golden_id)
