"""Two clean builds of the same inputs: the same names, and disks that are the same to the last byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from ordinary_user import NOBODY, as_ordinary_user

import vestibule
from vestibule.core.goldens import Manifest
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.compose import Goldens
from vestibule.drivers.goldens.store import DirectoryGoldenStore
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


def _built_by_an_ordinary_user(place: Path) -> Cache:
    """Everybody can reach the place."""
    cache = place / "cache"
    cache.mkdir()
    os.chown(cache, NOBODY, NOBODY)
    sources = Path(vestibule.__file__).parents[2]
    argv = [sys.executable, "-m", "vestibule.drivers.goldens", str(cache), "--key", str(cache / "key")]
    with as_ordinary_user([Path(sys.base_prefix), Path(sys.prefix), sources]) as enter:
        subprocess.run([*enter, *argv], check=True, cwd="/", stdout=subprocess.DEVNULL)
    return Cache(cache)


def _packages(cache: Cache, manifest: Manifest) -> Mapping[str, str]:
    """Package → SHA-256 of its archive, of both layers that have any."""
    folders = [cache.path("layers", layer) for layer in manifest.layers]
    details = [json.loads((folder / "manifest.json").read_text())["details"] for folder in folders]
    return {name: digest for told in details for name, digest in told.get("package_digests", {}).items()}


def test_two_clean_builds_have_the_same_names_and_the_same_bytes(
    goldens: Goldens, manifest: Manifest, clean: Path
) -> None:
    """The cache's golden is one of the two, unless the archive has newer packages since it was built."""
    other, second = _built(clean / "a")
    first, mine = manifest, goldens
    if _packages(mine.cache, first) != _packages(other.cache, second):
        mine, first = _built(clean / "b")
    assert second.golden_id == first.golden_id
    assert second.layers == first.layers
    assert dict(second.disks) == dict(first.disks)
    assert dict(second.digests) == dict(first.digests)
    assert _packages(mine.cache, first) == _packages(other.cache, second)


@pytest.mark.timeout(900)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; the test above is this one")
def test_an_ordinary_user_makes_the_same_bytes_as_root(
    goldens: Goldens, manifest: Manifest, clean: Path
) -> None:
    clean.mkdir()
    clean.chmod(0o755)
    cache = _built_by_an_ordinary_user(clean)
    second = DirectoryGoldenStore(cache, goldens.spec.recipe).manifest(manifest.golden_id)
    first, mine = manifest, goldens
    if _packages(mine.cache, first) != _packages(cache, second):
        mine, first = _built(clean / "root")
    assert dict(second.disks) == dict(first.disks)
    assert dict(second.digests) == dict(first.digests)
