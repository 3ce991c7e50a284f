"""Builds that are killed at random moments leave nothing half-written, nothing running, nothing mounted."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import killable_build
import pytest
import real_bootstrap
from killable_build import RECIPE, builder

from vestibule.drivers.goldens.cache import Cache, file_digest
from vestibule.drivers.goldens.store import DirectoryGoldenStore

KILLS = 50
LONGEST_S = 1.2
"""About what the whole of the small build takes on a busy host."""
BASE_KILLS_S = (1.0, 4.0, 9.0, 15.0)
"""Seconds into the real bootstrap: before, while packages are fetched, unpacked, set up."""
GONE_S = 15.0
MARK = "VESTIBULE_TEST_MARK"


@pytest.fixture
def mark() -> str:
    """In the environment of every process that came of a build, and of no other."""
    return secrets.token_hex(8)


def _marked(mark: str) -> list[str]:
    """Command lines of the processes that carry the mark."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in environ.read_bytes():
                found.append((environ.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended, or is the kernel's
            continue
    return found


def _until(condition: Callable[[], bool], timeout_s: float = GONE_S) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _start(program: list[str], mark: str, cwd: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, MARK: mark, "TMPDIR": str(cwd)}
    return subprocess.Popen([sys.executable, *program], env=environment, stdout=subprocess.DEVNULL)


def _kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it had to be killed: it may have ended before."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def _mounts() -> str:
    return Path("/proc/self/mountinfo").read_text()


def _finished(cache: Cache) -> Mapping[tuple[str, str], dict[str, Any]]:
    """Everything under a final name, with its manifest, which must be there."""
    folders = [path for kind in ("layers", "goldens") for path in cache.root.glob(f"{kind}/*")]
    return {
        (path.parent.name, path.name): json.loads((path / "manifest.json").read_text()) for path in folders
    }


def _assert_whole(cache: Cache) -> None:
    for (kind, name), manifest in _finished(cache).items():
        for product, digest in manifest["digests"].items():
            assert file_digest(cache.path(kind, name) / product) == digest, (name, product)


def test_a_build_that_is_killed_fifty_times_leaves_nothing_and_goes_on(
    tmp_path: Path, mark: str, record_property: Callable[[str, object], None]
) -> None:
    seed = secrets.randbits(32)
    record_property("seed", seed)
    moments, cache = random.Random(seed), Cache(tmp_path / "cache")  # noqa: S311 (moments, not secrets)
    mounts, killed = _mounts(), 0
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    while killed < KILLS:
        before = set(_finished(cache))
        process = _start([killable_build.__file__, str(cache.root)], mark, temporary)
        killed += _kill_after(process, moments.uniform(0.05, LONGEST_S))
        assert _until(lambda: _marked(mark) == []), _marked(mark)
        assert before <= set(_finished(cache)), "a finished product is gone"
        _assert_whole(cache)
        if cache.has("goldens", RECIPE.golden_id):
            assert not DirectoryGoldenStore(cache, RECIPE).verify(RECIPE.golden_id)
            shutil.rmtree(cache.root)
    assert _mounts() == mounts
    assert list(temporary.iterdir()) == []
    builder(cache).build(lambda *_: None)
    assert list((cache.root / "work").iterdir()) == []
    assert not DirectoryGoldenStore(cache, RECIPE).verify(RECIPE.golden_id)


def test_the_next_build_goes_on_from_the_finished_layers(tmp_path: Path, mark: str) -> None:
    cache = Cache(tmp_path / "cache")
    process = _start([killable_build.__file__, str(cache.root)], mark, tmp_path)
    assert _until(lambda: len(_finished(cache)) == 1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (layer,) = _finished(cache)
    made = _finished(cache)[layer]["built_at"]
    steps: list[str] = []
    builder(cache).build(lambda step, *_: steps.append(step))
    assert _finished(cache)[layer]["built_at"] == made
    assert steps.count("archive") == 2  # of the other layer, at its beginning and its end


def test_the_real_bootstrap_is_killed_without_a_trace(tmp_path: Path, mark: str) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    before = (_mounts(), set(Path("/tmp").glob("mmdebstrap.*")))  # noqa: S108 (its default)
    for seconds in BASE_KILLS_S:
        work = tmp_path / f"work-{seconds}"
        work.mkdir()
        assert _kill_after(_start([real_bootstrap.__file__, str(work)], mark, temporary), seconds), (
            "it ended by itself"
        )
        assert _until(lambda: _marked(mark) == []), _marked(mark)
        shutil.rmtree(work)  # what the next build does: nothing may be mounted below it
    after = (_mounts(), set(Path("/tmp").glob("mmdebstrap.*")))  # noqa: S108
    assert after == before
    assert list(temporary.iterdir()) == []


def test_of_two_builders_one_builds_and_the_other_waits_and_says_so(tmp_path: Path, mark: str) -> None:
    environment = {**os.environ, MARK: mark}
    both = [
        subprocess.Popen(
            [sys.executable, killable_build.__file__, str(tmp_path / "cache")],
            env=environment, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=60)[0].splitlines() for process in both]
    assert [lines[-1] for lines in said] == [RECIPE.golden_id] * 2
    steps = [line for lines in said for line in lines[:-1]]
    assert (steps.count("archive"), steps.count("merge")) == (2, 1)
    assert "wait for another build of the same" in steps
