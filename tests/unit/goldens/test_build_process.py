"""A build in a process of its own: its news in order, its failures as they were raised, its end with ours."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tiny_goldens import add_golden, sign_all
from waiting import until

from vestibule.core.errors import DiskFull, GoldenFailed, HostUnfit, VestibuleError
from vestibule.core.renewal import Phase, StepNews
from vestibule.drivers.goldens import __main__ as builder
from vestibule.drivers.goldens import build_process
from vestibule.drivers.goldens.build_process import BuildProcess
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.resources import find_resources

pytestmark = pytest.mark.anyio

SAY = "import json, os, signal, sys, time\ndef say(**told): print(json.dumps(told), flush=True)\n"
STEP = "say(step='packages', index=1, total=3, seconds=None)\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclasses.dataclass(frozen=True, kw_only=True)
class StandIn(BuildProcess):
    """Another program in the builder's place."""

    program: str = ""
    cache_dir: Path = Path("/nonexistent")
    key: Path = Path("/nonexistent.key")
    trusted: Sequence[str] = ()
    debian_mirror: str | None = None
    uid: int = 1
    gid: int = 1

    @property
    def argv(self) -> list[str]:
        return [*super().argv[:6], sys.executable, "-I", "-c", SAY + self.program]


async def told(program: str) -> tuple[str, list[StepNews]]:
    news: list[StepNews] = []
    built = await StandIn(program=program).run(news.append)
    return built, news


async def failure(program: str) -> VestibuleError:
    with pytest.raises(VestibuleError) as raised:
        await told(program)
    return raised.value


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_stand_in_is_started_as_the_builder_is() -> None:
    real = BuildProcess(
        cache_dir=Path("/cache"),
        key=Path("/key"),
        trusted=["ab"],
        debian_mirror="http://mirror.test",
        uid=7,
        gid=8,
    )
    assert real.argv == [
        *("setpriv", "--pdeathsig", "TERM", "nice", "-n", "10"),
        *(sys.executable, "-m", "vestibule.drivers.goldens", "/cache", "--json"),
        *("--key", "/key", "--trust=ab"),
        *("--uid", "7", "--gid", "8", "--debian-mirror", "http://mirror.test"),
    ]
    assert StandIn().argv[:7] == real.argv[:7]


# -- news ------------------------------------------------------------------------------------------------


async def test_news_come_in_order_and_count_what_is_to_come() -> None:
    built, news = await told(
        STEP
        + "say(step='packages', index=1, total=3, seconds=2.5)\n"
        + "say(step='browser', index=2, total=3, seconds=None)\n"
        + "say(golden_id='g-1')\n"
    )
    assert built == "g-1"
    assert news == [
        StepNews(phase=Phase.BUILD, step="packages", to_come=2),
        StepNews(phase=Phase.BUILD, step="packages", seconds=2.5, to_come=2),
        StepNews(phase=Phase.BUILD, step="browser", to_come=1),
    ]


async def test_news_are_told_as_they_come_not_at_the_end(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    news: list[StepNews] = []
    waits = f"while not os.path.exists({str(go_on)!r}): time.sleep(0.01)\n"
    program = StandIn(program=STEP + waits + "say(golden_id='g-1')\n")
    task = asyncio.create_task(program.run(news.append))
    await until(lambda: news, timeout_s=60)
    assert not task.done()
    go_on.touch()
    assert await task == "g-1"


async def test_what_the_builder_writes_on_its_standard_error_is_no_failure() -> None:
    noise = "sys.stderr.write('warning: slow mirror\\n' * 100_000)\n"
    assert (await told(noise + "say(golden_id='g-1')\n"))[0] == "g-1"


async def test_the_real_builder_tells_the_golden_that_is_there(tmp_path: Path) -> None:
    recipe = read_spec(find_resources()).recipe
    add_golden(Cache(tmp_path), recipe.golden_id, [layer.name for layer in recipe.layers])
    sign_all(Cache(tmp_path), tmp_path / "state/key")
    news: list[StepNews] = []
    process = BuildProcess(
        cache_dir=tmp_path,
        key=tmp_path / "state/key",
        trusted=(),
        debian_mirror=None,
        uid=os.geteuid(),
        gid=os.getegid(),
    )
    assert await process.run(news.append) == recipe.golden_id
    assert news == []


# -- failures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        GoldenFailed(
            "step “packages” failed", remedy="Look.", code="build_failed", step="packages", exit=100
        ),
        DiskFull("no room left", remedy="Free space."),
        DiskFull("the disk is too small", remedy="Take another.", code="disk_too_small"),
        HostUnfit("mksquashfs is missing", remedy="apt install squashfs-tools"),
    ],
    ids=lambda error: error.failure_code,
)
async def test_a_failure_comes_back_as_it_was_raised(
    error: VestibuleError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(builder, "open_goldens", fail)
    assert builder.main(["/nonexistent", "--json", "--key", "/nonexistent.key"]) == 1
    line = capsys.readouterr().out
    raised = await failure(f"print({line!r}, end='')\nsys.exit(1)\n")
    assert type(raised) is type(error)
    assert (raised.cause, raised.remedy, raised.failure_code) == (
        error.cause,
        error.remedy,
        error.failure_code,
    )
    assert raised.evidence == {name: str(value) for name, value in error.evidence.items()}


async def test_an_unknown_kind_of_failure_is_a_golden_s() -> None:
    raised = await failure(
        "say(error={'kind': 'Eclipse', 'code': 'dark', 'cause': 'c', 'remedy': 'r', 'evidence': {}})\n"
    )
    assert (type(raised), raised.failure_code) == (GoldenFailed, "dark")


async def test_a_builder_that_is_killed_is_told_with_the_signal() -> None:
    raised = await failure(STEP + "os.kill(os.getpid(), signal.SIGKILL)\n")
    assert raised.failure_code == "builder_broke"
    assert "ended with -9 before it was done: it said nothing" in raised.cause


async def test_a_builder_that_breaks_is_told_with_what_it_said() -> None:
    raised = await failure("raise ZeroDivisionError('unforeseen')\n")
    assert raised.failure_code == "builder_broke"
    assert "ended with 1" in raised.cause
    assert "ZeroDivisionError: unforeseen" in raised.cause


async def test_a_builder_that_ends_without_a_golden_has_failed() -> None:
    assert "ended with 0" in (await failure(STEP)).cause


@pytest.mark.parametrize(
    "line", ["print('hello', flush=True)\n", "say(stop='x')\n", "print('[1]')\n", "print('x' * (2 << 20))\n"]
)
async def test_what_is_no_news_is_a_failure_and_ends_the_builder(line: str) -> None:
    raised = await failure(line + "time.sleep(600)\n" if "flush" in line else line)
    assert raised.failure_code == "builder_broke"
    assert "what is no news of a build" in raised.cause


# -- the end ---------------------------------------------------------------------------------------------


PID = "say(step=str(os.getpid()), index=1, total=1, seconds=None)\ntime.sleep(600)\n"
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + PID


@pytest.mark.parametrize("program", [PID, STUBBORN], ids=["willing", "stubborn"])
async def test_who_gives_up_ends_the_builder(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_process, "_STOP_S", 0.2)
    news: list[StepNews] = []
    task = asyncio.create_task(StandIn(program=program).run(news.append))
    await until(lambda: news, timeout_s=60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(int(news[0].step))
