"""Builders killed at any moment, and several at once: real processes, programs, locks and folders."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_builder
from ordinary_user import NOBODY, as_ordinary_user
from small_builder import builder_of, recipe_of
from traces import eventually, files, mounts, processes

from vestibule.drivers.goldens.cache import Cache, file_digest
from vestibule.drivers.goldens.listing import Digests, differences, list_tree, read_listing
from vestibule.drivers.goldens.pack import LISTING
from vestibule.drivers.goldens.verify import verify

KILLS, KILLS_PER_GOLDEN = 50, 5
SEED = time.time_ns() & 0xFFFF_FFFF


class Host:
    """A cache and a folder for temporary files, and builders at work in them."""

    def __init__(self, folder: Path) -> None:
        self.cache, self.tmp = folder / "cache", folder / "tmp"
        self.tmp.mkdir()
        self.mark = f"mark-{folder.name}-{os.getpid()}"

    def start(self, number: str, *gate: str) -> subprocess.Popen[str]:
        environment = os.environ | {"TMPDIR": str(self.tmp), small_builder.MARK: self.mark}
        argv = [sys.executable, small_builder.__file__, str(self.cache), number, *gate]
        return subprocess.Popen(
            argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def kill_after(self, number: str, seconds: float) -> None:
        with self.start(number) as builder:
            try:
                builder.wait(seconds)
            except subprocess.TimeoutExpired:
                builder.kill()

    def finish(self, number: str) -> list[dict[str, Any]]:
        with self.start(number) as builder:
            told, complaints = builder.communicate(timeout=60)
        assert builder.returncode == 0, complaints
        return [json.loads(line) for line in told.splitlines()]

    def finished(self) -> set[Path]:
        return {*self.cache.glob("layers/*"), *self.cache.glob("goldens/*")}

    def halves(self) -> Iterator[str]:
        """What has a final name and is not whole."""
        for kind in ("layers", "goldens"):
            for folder in (self.cache / kind).glob("*"):
                manifest = json.loads((folder / "manifest.json").read_text())
                for name, digest in manifest["digests"].items():
                    if file_digest(folder / name) != digest:
                        yield f"{folder.name}/{name}"
        for folder in (self.cache / "layers").glob("*"):
            found = list_tree(folder / "rootfs", Digests())
            yield from map(str, differences(folder.name, read_listing(folder / LISTING), found))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def _done(steps: list[dict[str, Any]]) -> list[str]:
    return [step["step"] for step in steps if step["seconds"] is not None]


@pytest.mark.timeout(400)
def test_a_build_killed_at_any_moment_leaves_nothing_half_done(
    host: Host, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    record_property("seed", SEED)
    moments = random.Random(SEED)  # noqa: S311 (moments are no secret)
    begin = time.monotonic()
    steps = _done(host.finish("whole"))
    whole_s = time.monotonic() - begin
    went_on = 0
    for kill in range(KILLS):
        number = str(kill // KILLS_PER_GOLDEN)
        finished = host.finished()
        host.kill_after(number, moments.uniform(0, whole_s))
        assert eventually(lambda: not processes(host.mark)), (SEED, kill, processes(host.mark))
        assert finished <= host.finished(), (SEED, kill)
        assert list(host.halves()) == [], (SEED, kill)
        assert mounts(host.tmp.parent) == [], (SEED, kill)
        assert files(host.tmp) == [], (SEED, kill)
        if (kill + 1) % KILLS_PER_GOLDEN == 0:
            needed = [step.name for step in builder_of(host.cache, number).plan().steps if not step.done]
            assert _done(host.finish(number)) == needed, (SEED, kill)
            assert list(verify(Cache(host.cache), recipe_of(number).golden_id)) == [], (SEED, kill)
            assert files(host.cache / "work") == [], (SEED, kill)
            went_on += len(needed) < len(steps)
    with capsys.disabled():
        sys.stdout.write(f" [seed {SEED}, a whole build takes {whole_s:.1f} s] ")
    assert went_on, f"no build ever got as far as its first layer: seed {SEED}"


def test_of_two_builders_one_builds_and_the_other_says_that_it_waits(host: Host, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with host.start("1", str(gate)) as first, host.start("1", str(gate)) as second:
        told = [next(_news(builder)) for builder in (first, second)]
        assert sorted(news["step"] for news in told) == ["base _fill", "wait for another build of the same"]
        gate.touch()
        done = [_done([*_news(builder)]) for builder in (first, second)]
        assert [builder.wait(60) for builder in (first, second)] == [0, 0]
    names = [step.name for step in builder_of(host.cache, "1").plan().steps]
    assert sorted(done[0] + done[1]) == sorted(names)
    waited = done[told[1]["step"] != "base _fill"]
    assert not [step for step in waited if step.startswith("base ")]


def _news(builder: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert builder.stdout is not None
    return (json.loads(line) for line in builder.stdout)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; the tests above run as one")
def test_an_ordinary_user_builds_the_same(host: Host) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)  # that every user of the host can reach: pytest's own folders are private
        os.chown(place, NOBODY, NOBODY)
        sources = Path(small_builder.__file__).parents[2]
        with as_ordinary_user([Path(sys.base_prefix), Path(sys.prefix), sources]) as enter:
            argv = [*enter, sys.executable, small_builder.__file__, name, "1"]
            environment = os.environ | {small_builder.MARK: host.mark}
            done = subprocess.run(
                argv, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=60
            )
        assert done.returncode == 0, done.stderr
        assert list(verify(Cache(place), recipe_of("1").golden_id)) == []
        assert eventually(lambda: not processes(host.mark)), processes(host.mark)
