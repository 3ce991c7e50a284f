"""Two clean builds of the same inputs: the same names, and disks that are the same to the last byte."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from vestibule.core.goldens import Manifest
from vestibule.drivers.goldens.compose import Goldens
from vestibule.machinery import goldens_of
from vestibule.settings import Settings

pytestmark = pytest.mark.golden


@pytest.fixture
def clean() -> Iterator[Path]:
    """An empty cache that the machines' user reaches: pytest's own folders are closed to it."""
    with tempfile.TemporaryDirectory(prefix="vestibule-clean-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder / "cache"


def _built(cache: Path) -> tuple[Goldens, Manifest]:
    settings = Settings().model_copy(update={"cache_dir": cache, "state_dir": cache.parent / "state"})
    goldens = goldens_of(settings)
    return goldens, goldens.builder.build(lambda _step, _index, _total, _seconds: None)


def _packages(goldens: Goldens, manifest: Manifest) -> Mapping[str, str]:
    """Package → SHA-256 of its archive, of both layers that have any."""
    folders = [goldens.cache.path("layers", layer) for layer in manifest.layers]
    details = [json.loads((folder / "manifest.json").read_text())["details"] for folder in folders]
    return {name: digest for told in details for name, digest in told.get("package_digests", {}).items()}


def test_two_clean_builds_have_the_same_names_and_the_same_bytes(
    goldens: Goldens, manifest: Manifest, clean: Path
) -> None:
    """The cache's golden is one of the two, unless the archive has newer packages since it was built."""
    other, second = _built(clean / "a")
    first, mine = manifest, goldens
    if _packages(mine, first) != _packages(other, second):
        mine, first = _built(clean / "b")
    assert second.golden_id == first.golden_id
    assert second.layers == first.layers
    assert dict(second.disks) == dict(first.disks)
    assert dict(second.digests) == dict(first.digests)
    assert _packages(mine, first) == _packages(other, second)
