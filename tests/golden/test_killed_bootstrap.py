"""The real bootstrap, killed while it downloads, unpacks, configures: as root and as an ordinary user.

Both layers of Debian packages: the second is killed above a base that is finished.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from ordinary_user import NOBODY, as_ordinary_user
from small_builder import MARK
from traces import eventually, files, mounts, processes

import vestibule
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.compose import Goldens

pytestmark = [pytest.mark.golden, pytest.mark.timeout(900)]

BASE_SAYS = ("== mmdebstrap", "Get:1 ", "Setting up")
BROWSER_SAYS = ("unsquashfs", "Get:1 ", "Setting up")
"""Words of a layer's log: it begins, downloads, configures what it has unpacked."""
_DEADLINE_S = 300.0


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user of the host can reach; pytest's own are private."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:  # a bootstrap fills a tmpfs
        place = Path(name)
        place.chmod(0o755)
        for inside in ("tmp", "cache"):
            (place / inside).mkdir()
        yield place


def _kill_when_it_says(
    words: Sequence[str], place: Path, argv: Sequence[str], finished: Sequence[str]
) -> None:
    """``finished``: the layers that are there, and that stay the only ones."""
    for word in words:
        with _building(place, argv) as builder:
            _await(functools.partial(_says, place, word), builder)
        assert builder.returncode == -9, word
        _require_no_traces(place, word)
        assert [path.name for path in _layers(place)] == list(finished), word


def _finish_base(place: Path, argv: Sequence[str]) -> str:
    """Let the base layer be finished, and kill the builder in what comes next; returns its name."""
    with _building(place, argv) as builder:
        _await(lambda: _layers(place), builder)
    _require_no_traces(place, "above the base")
    (base,) = _layers(place)
    return base.name


def _await(condition: Callable[[], object], builder: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not condition():
        assert builder.poll() is None, "it has ended before it came to that"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _says(place: Path, word: str) -> bool:
    """Whether it is in the present build's log."""
    logs = (place / "cache" / "logs").glob("*.log")
    return any(word in log.read_text(errors="replace") for log in logs)


@contextlib.contextmanager
def _building(place: Path, argv: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A builder that is killed when the context ends."""
    shutil.rmtree(place / "cache" / "logs", ignore_errors=True)
    environment = os.environ | {"TMPDIR": str(place / "tmp"), MARK: f"mark-{place.name}"}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, cwd="/") as builder:
        try:
            yield builder
        finally:
            builder.kill()


def _require_no_traces(place: Path, moment: str) -> None:
    mark = f"mark-{place.name}"
    assert eventually(lambda: not processes(mark)), (moment, processes(mark))
    assert mounts(place) == [], moment
    assert files(place / "tmp", place / "cache" / "goldens") == [], moment
    # Of one killed build: each build has removed what the one before it left.
    assert len(files(place / "cache" / "work")) <= 1, moment


def _layers(place: Path) -> list[Path]:
    return list((place / "cache" / "layers").glob("l-*"))


def _bootstrapped(place: Path) -> list[Path]:
    return list((place / "cache" / "work").glob("*/tmp/mmdebstrap.*/usr/bin/dpkg"))


def _build(place: Path) -> list[str]:
    cache = place / "cache"
    return [sys.executable, "-m", "vestibule.drivers.goldens", str(cache), "--key", str(cache / "key")]


def _kill_in_both_layers(place: Path, argv: Sequence[str]) -> None:
    _kill_when_it_says(BASE_SAYS, place, argv, finished=[])
    assert _bootstrapped(place), "it never came to unpacking packages"
    base = _finish_base(place, argv)
    _kill_when_it_says(BROWSER_SAYS, place, argv, finished=[base])
    assert _bootstrapped(place), "it never came to packages above the base"


def test_a_killed_bootstrap_leaves_nothing_that_the_next_build_keeps(place: Path, goldens: Goldens) -> None:
    _kill_in_both_layers(place, _build(place))
    browser = goldens.spec.recipe.layer("browser").name
    cache = Cache(place / "cache")
    with cache.lock(browser), cache.work(browser) as fresh:
        assert files(place / "cache" / "work") == [str(fresh)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; the test above is this one")
def test_a_killed_bootstrap_of_an_ordinary_user_leaves_no_more(place: Path) -> None:
    for name in ("tmp", "cache"):
        os.chown(place / name, NOBODY, NOBODY)
    sources = Path(vestibule.__file__).parents[2]
    with as_ordinary_user([Path(sys.base_prefix), Path(sys.prefix), sources]) as enter:
        _kill_in_both_layers(place, [*enter, *_build(place)])
        owners = {path.lstat().st_uid for path in _bootstrapped(place)[0].parents[2].rglob("*")}
        assert owners > {NOBODY}, "no user namespace with several users was at work"
        sweep = "import sys; from pathlib import Path; from vestibule.drivers.goldens.cache import Cache\n"
        sweep += "with Cache(Path(sys.argv[1])).work('other'): pass\n"
        subprocess.run([*enter, sys.executable, "-c", sweep, place / "cache"], check=True, cwd="/")
    assert files(place / "cache" / "work") == []
