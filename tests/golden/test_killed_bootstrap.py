"""The real bootstrap, killed while it downloads, unpacks, configures: as root and as an ordinary user."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from ordinary_user import NOBODY, as_ordinary_user
from small_builder import MARK
from traces import eventually, files, mounts, processes

import vestibule
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.compose import Goldens

pytestmark = [pytest.mark.golden, pytest.mark.timeout(300)]

MOMENTS_S = (0.8, 4, 9, 16, 25)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user of the host can reach; pytest's own are private."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:  # a bootstrap fills a tmpfs
        place = Path(name)
        place.chmod(0o755)
        for inside in ("tmp", "cache"):
            (place / inside).mkdir()
        yield place


def _kill_at_every_moment(place: Path, argv: Sequence[str]) -> None:
    mark = f"mark-{place.name}"
    environment = os.environ | {"TMPDIR": str(place / "tmp"), MARK: mark}
    for moment in MOMENTS_S:
        with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, cwd="/") as builder:
            with contextlib.suppress(subprocess.TimeoutExpired):
                builder.wait(moment)
            builder.kill()
        assert builder.returncode == -9, "a fresh base layer takes longer than this"
        assert eventually(lambda: not processes(mark)), (moment, processes(mark))
        assert mounts(place) == [], moment
        assert files(place / "tmp", *(place / "cache" / kind for kind in ("layers", "goldens"))) == [], moment
        # Of one killed build: each build has removed what the one before it left.
        assert len(files(place / "cache" / "work")) <= 1, moment


def _bootstrapped(place: Path) -> list[Path]:
    return list((place / "cache" / "work").glob("*/tmp/mmdebstrap.*/usr/bin/dpkg"))


def _build(place: Path) -> list[str]:
    cache = place / "cache"
    return [sys.executable, "-m", "vestibule.drivers.goldens", str(cache), "--key", str(cache / "key")]


def test_a_killed_bootstrap_leaves_nothing_that_the_next_build_keeps(place: Path, goldens: Goldens) -> None:
    _kill_at_every_moment(place, _build(place))
    assert _bootstrapped(place), "it never came to unpacking packages"
    base = goldens.spec.recipe.layers[0].name
    cache = Cache(place / "cache")
    with cache.lock(base), cache.work(base) as fresh:
        assert files(place / "cache" / "work") == [str(fresh)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; the test above is this one")
def test_a_killed_bootstrap_of_an_ordinary_user_leaves_no_more(place: Path) -> None:
    for name in ("tmp", "cache"):
        os.chown(place / name, NOBODY, NOBODY)
    sources = Path(vestibule.__file__).parents[2]
    with as_ordinary_user([Path(sys.base_prefix), Path(sys.prefix), sources]) as enter:
        _kill_at_every_moment(place, [*enter, *_build(place)])
        owners = {path.lstat().st_uid for path in _bootstrapped(place)[0].parents[2].rglob("*")}
        assert owners > {NOBODY}, "no user namespace with several users was at work"
        sweep = "import sys; from pathlib import Path; from vestibule.drivers.goldens.cache import Cache\n"
        sweep += "with Cache(Path(sys.argv[1])).work('other'): pass\n"
        subprocess.run([*enter, sys.executable, "-c", sweep, place / "cache"], check=True, cwd="/")
    assert files(place / "cache" / "work") == []
