"""Who watches a build or a snapshot is told how long each step took the last time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_golden import signer_in, tiny_builder

from vestibule.core.renewal import Phase, StepNews
from vestibule.drivers.goldens import __main__ as command
from vestibule.drivers.goldens.build_process import BuildProcess, _news
from vestibule.drivers.goldens.cache import Cache
from vestibule.works import SnapshotSteps, snapshot_estimates


def test_the_builders_process_tells_the_estimate_of_each_step_that_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = tiny_builder(tmp_path, signer_in(tmp_path / "state"))
    builder.build(lambda *_: None)
    (step, *_) = builder.plan().steps
    tell = command._teller(builder)
    tell(step.name, 1, 2, None)
    tell(step.name, 1, 2, 0.5)
    begun, ended = (_news(json.loads(line)) for line in capsys.readouterr().out.splitlines())
    assert step.estimate_s is not None
    assert begun == StepNews(phase=Phase.BUILD, step=step.name, to_come=1, estimate_s=step.estimate_s)
    assert (ended.seconds, ended.estimate_s) == (0.5, None)


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
    for kind, name, step in (("desktops", "desk-1", "boot"), ("snapshots", "snap-1", "save")):
        folder = tmp_path / kind / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"built_at": "2026", "steps": {step: 7.0}}))
    told: list[StepNews] = []
    steps = SnapshotSteps(told.append, 3, snapshot_estimates(Cache(tmp_path)))
    for name in ("boot", "save", "new"):
        steps.begin(name)
    steps.end()
    begun = [(news.step, news.estimate_s) for news in told if news.seconds is None]
    assert begun == [("boot", 7.0), ("save", 7.0), ("new", None)]
