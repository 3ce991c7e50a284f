"""Who watches a build or a snapshot is told how long each step took the last time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tiny_golden import signer_in, tiny_builder

from vestibule.core.renewal import Phase, StepNews
from vestibule.drivers.goldens import __main__ as command
from vestibule.drivers.goldens.build_process import BuildProcess, _news
from vestibule.drivers.goldens.cache import Cache
from vestibule.foresight import SnapshotSteps, desktop_estimates, snapshot_estimates


def test_the_builders_process_tells_what_it_took_the_last_time_and_what_is_left_of_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = tiny_builder(tmp_path, signer_in(tmp_path / "state"))
    built = builder.build(lambda *_: None)
    (tmp_path / "goldens" / built.golden_id).rename(tmp_path / "goldens/g-0")  # an older one
    first, *others = (step for step in builder.plan().steps if not step.done)
    known = [step.estimate_s for step in (first, *others) if step.estimate_s is not None]
    assert len(known) == len(others) + 1 > 1
    tell = command._teller(builder)
    tell(first.name, 1, 2, None)
    tell(first.name, 1, 2, 0.5)
    begun, ended = (_news(json.loads(line)) for line in capsys.readouterr().out.splitlines())
    assert begun == StepNews(
        phase=Phase.BUILD,
        step=first.name,
        to_come=1,
        estimate_s=first.estimate_s,
        left_s=sum(known),
        products=(built.golden_id,),
    )
    assert (ended.seconds, ended.estimate_s, ended.left_s) == (0.5, None, None)


def test_the_last_step_has_only_itself_left_and_a_wait_foresees_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = tiny_builder(tmp_path, signer_in(tmp_path / "state"))
    built = builder.build(lambda *_: None)
    (tmp_path / "goldens" / built.golden_id).rename(tmp_path / "goldens/g-0")
    *_, last = builder.plan().steps
    tell = command._teller(builder)
    tell(last.name, 2, 2, None)
    tell("wait for another build of the same", 2, 2, None)
    ending, waiting = (_news(json.loads(line)) for line in capsys.readouterr().out.splitlines())
    assert ending.left_s == ending.estimate_s == last.estimate_s
    assert (waiting.left_s, waiting.estimate_s, waiting.products) == (None, None, ())


def test_a_build_of_what_was_never_built_foresees_no_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = tiny_builder(tmp_path, signer_in(tmp_path / "state"))
    first, *_ = builder.plan().steps
    command._teller(builder)(first.name, 1, 9, None)
    news = _news(json.loads(capsys.readouterr().out))
    assert (news.left_s, news.estimate_s, news.products) == (None, None, (first.product,))


def test_the_builders_process_is_told_where_the_key_is_not_what_it_is(tmp_path: Path) -> None:
    signer = signer_in(tmp_path)
    signer.sign(b"{}")
    key = tmp_path / "golden-signing.key"
    argv = BuildProcess(cache_dir=tmp_path, key=key, trusted=(), debian_mirror=None, uid=1, gid=1).argv
    assert argv[argv.index("--key") + 1] == str(key)
    assert key.read_bytes().hex() not in " ".join(argv)
    (module,) = [at for at, word in enumerate(argv) if word == "vestibule.drivers.goldens"]
    assert command._parser().parse_args(argv[module + 1 :]).key == key


def test_a_snapshots_steps_have_the_seconds_of_the_last_one(tmp_path: Path) -> None:
    _take_snapshots(tmp_path)
    cache = Cache(tmp_path)
    estimates = {**desktop_estimates(cache), **snapshot_estimates(cache)}
    told = _told(estimates, total=3)
    assert [(news.step, news.estimate_s) for news in told] == [("boot", 7.0), ("save", 7.0), ("new", None)]
    assert {news.left_s for news in told} == {None}, "one of them was never done"
    assert {news.products for news in told} == {("desk-1", "snap-1")}


def test_a_snapshot_tells_how_long_it_will_go_on(tmp_path: Path) -> None:
    _take_snapshots(tmp_path)
    cache = Cache(tmp_path)
    both = {**desktop_estimates(cache), **snapshot_estimates(cache)}
    assert [news.left_s for news in _told(both, total=2)] == [14.0, 7.0, 0.0]
    assert _told(snapshot_estimates(cache), total=1)[0].left_s == 7.0


def _take_snapshots(root: Path) -> None:
    for kind, name, step in (("desktops", "desk-1", "boot"), ("snapshots", "snap-1", "save")):
        folder = root / kind / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"built_at": "2026", "steps": {step: 7.0}}))


def _told(estimates: Mapping[str, float], *, total: int) -> list[StepNews]:
    """The beginnings of three steps."""
    told: list[StepNews] = []
    steps = SnapshotSteps(told.append, total, estimates, ("desk-1", "snap-1"))
    for name in ("boot", "save", "new"):
        steps.begin(name)
    steps.end()
    return [news for news in told if news.seconds is None]
