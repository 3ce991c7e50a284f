"""A canary over the real services and fake machines: what passes, and what each check finds by itself."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from golden_doubles import GOLDEN
from lab import SCRIPT, Lab, open_lab
from waiting import until

from vestibule.core.canary import CanaryReport
from vestibule.core.errors import MachineFailed
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName, Exit, Isolation
from vestibule.core.renewal import Phase, StepNews
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.machines.fake import FakeMachine
from vestibule.drivers.machines.fake_agent import Script
from vestibule.drivers.rfb import rfb_desktop
from vestibule.services import canary, canary_checks
from vestibule.services.canary import CLONES, Canary, Candidate

pytestmark = pytest.mark.anyio

PROBED = "PROBE [] END"
SOUND = dataclasses.replace(
    SCRIPT, prints={"codex": "codex-cli 1.2.3\n", "claude": "2.0.1 (Claude Code)\n", "python3": PROBED}
)
CANDIDATE = Candidate(
    golden_id=GOLDEN,
    driver=DriverName.FAKE,
    subject="root-1",
    tools={"codex": (("codex", "--version"), "1.2.3"), "claude": (("claude", "--version"), "2.0.1")},
)
CHECKS = {
    *(
        f"{what} of clone {n}"
        for n in range(1, CLONES + 1)
        for what in ("start", "agent", "clock", "desktop", "egress", "codex", "claude")
    ),
    *("randomness", "sign-in"),
}
OpenLab = Callable[..., AbstractAsyncContextManager[Lab]]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "PRESS_AGAIN_S", dict.fromkeys(Isolation, 0.05))
    monkeypatch.setattr(canary_checks, "SETTLE_S", 0.1)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """For checks that are to take too long."""
    monkeypatch.setattr(canary, "PATIENCE_S", dict.fromkeys(Isolation, 4.0))


@pytest.fixture
def new_lab(tmp_path: Path) -> OpenLab:
    return lambda script=SOUND, **settings: open_lab(tmp_path, script=script, **settings)


def changed(**changes: Any) -> Script:
    return dataclasses.replace(SOUND, **changes)


def printing(**prints: str) -> Script:
    return changed(prints={**SOUND.prints, **prints})


def one_of(lab: Lab, scripts: Sequence[Script]) -> None:
    """Each machine that is started follows the next script, the last ones a sound one."""
    left = list(scripts)
    lab.driver._script = lambda: left.pop(0) if left else SOUND


def _ignore(_news: StepNews) -> None:
    """Nobody watches."""


async def _candidate(_driver: DriverName) -> GoldenId:
    return GOLDEN


def canary_of(lab: Lab) -> Canary:
    """Its machines are pinned to the candidate, as those of every canary."""
    lab.machines._starts._serving = _candidate
    return Canary(
        machines=lab.machines,
        sign_ins=lab.sign_ins,
        credentials=lab.context.credentials,
        user=lab.ann,
        open_desktop=rfb_desktop,
        gateway="192.168.100.1",
        allowed_site="login.demo.test:80",
        clock=SystemClock(),
    )


async def tried(lab: Lab, tell: Callable[[StepNews], None] = _ignore) -> CanaryReport:
    """The report; whatever came of it, nothing of its machines is left."""
    report = await canary_of(lab).run(CANDIDATE, tell)
    for task in list(lab.sign_ins._tasks.values()):
        await asyncio.wait([task])
    await lab.nothing_left()
    return report


def failed(report: CanaryReport) -> Mapping[str, str]:
    """Name → what was found."""
    return {check.name: check.detail for check in report.failed}


# -- a sound golden --------------------------------------------------------------------------------------


async def test_a_sound_golden_passes_every_check(new_lab: OpenLab) -> None:
    async with new_lab() as lab:
        report = await tried(lab)
    assert failed(report) == {}
    assert report.passed
    assert {check.name for check in report.checks} == CHECKS
    assert (report.golden_id, report.driver, report.subject, report.clones) == (
        GOLDEN,
        DriverName.FAKE,
        "root-1",
        CLONES,
    )


async def test_what_was_seen_is_said_of_what_passed_too(new_lab: OpenLab) -> None:
    async with new_lab() as lab:
        said = {check.name: check.detail for check in (await tried(lab)).checks}
    for number in range(1, CLONES + 1):
        assert said[f"codex of clone {number}"] == "codex --version says 1.2.3"
        assert said[f"claude of clone {number}"] == "claude --version says 2.0.1"
        assert said[f"egress of clone {number}"].startswith("login.demo.test:80 answers; link-local")
    assert said["desktop of clone 1"] == "1280 x 800 pixels, painted"
    assert said["sign-in"].startswith("completed, sealed as c-")


async def test_clones_that_are_virtual_machines_share_the_tools_and_each_has_one(new_lab: OpenLab) -> None:
    async with new_lab() as lab:
        lab.driver.isolation = Isolation.VM
        report = await tried(lab)
    assert report.passed
    tools = {check.name for check in report.checks if check.name.startswith(("codex", "claude"))}
    assert tools == {"codex of clone 1", "claude of clone 2", "codex of clone 3"}
    assert {check.name for check in report.checks} - tools == {
        name for name in CHECKS if not name.startswith(("codex", "claude"))
    }


@pytest.mark.parametrize(
    ("tools", "shares"),
    [
        ("abc", ["a", "b", "c"]),
        ("abcde", ["ad", "be", "c"]),
        ("a", ["a", "a", "a"]),
        ("", ["", "", ""]),
    ],
)
def test_every_tool_is_asked_of_a_virtual_machine_and_every_one_is_asked_a_tool(
    tools: str, shares: list[str]
) -> None:
    found = [canary.tools_of(tuple(tools), n, Isolation.VM) for n in range(1, CLONES + 1)]
    assert ["".join(share) for share in found] == shares
    assert canary.tools_of(tuple(tools), 1, Isolation.CONTAINER) == tuple(tools)


async def test_the_sign_in_is_carried_through_by_enter_on_the_desktop(new_lab: OpenLab) -> None:
    async with new_lab() as lab:
        await tried(lab)
        (session,) = await lab.sign_ins.list(lab.ann)
        pressed = [machine.agent.desktop.pressed for machine in lab.driver.machines.values()]
    assert session.status is SessionStatus.COMPLETED
    (keys,) = (keys for keys in pressed if keys)
    assert {*keys} == {canary.ENTER}  # more than once where the host is slow to answer


async def test_the_last_desktop_is_kept_as_a_picture(new_lab: OpenLab) -> None:
    async with new_lab() as lab:
        subject = canary_of(lab)
        await subject.run(CANDIDATE, _ignore)
    assert subject.screenshot is not None
    assert subject.screenshot.emptiness() is None
    assert subject.screenshot.png().startswith(b"\x89PNG")


async def test_every_check_is_told_as_it_begins_and_ends_and_how_many_are_left(new_lab: OpenLab) -> None:
    told: list[StepNews] = []
    async with new_lab() as lab:
        await tried(lab, told.append)
    begun = [news.step for news in told if news.seconds is None]
    ended = [news.step for news in told if news.seconds is not None]
    assert set(begun) == set(ended) == {f"fake: {name}" for name in CHECKS}
    assert {news.phase for news in told} == {Phase.CANARY}
    assert [news.to_come for news in told if news.seconds is None] == list(range(len(CHECKS) - 1, -1, -1))


async def test_a_desktop_that_is_painted_a_moment_later_is_waited_for(
    new_lab: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary_checks, "SETTLE_S", 30.0)
    async with new_lab(changed(painted=False)) as lab:
        trial = asyncio.create_task(tried(lab))
        await until(
            lambda: sum(len(m.agent.desktop._viewers) for m in lab.driver.machines.values()) >= CLONES
        )
        for machine in list(lab.driver.machines.values()):
            machine.agent.desktop.paint()
        assert failed(await trial) == {}


# -- each check fails by itself --------------------------------------------------------------------------


def each(what: str) -> set[str]:
    return {f"{what} of clone {n}" for n in range(1, CLONES + 1)}


@pytest.mark.parametrize(
    ("script", "names", "detail"),
    [
        (changed(clock_off_s=-90.0), each("clock"), "the guest's clock is 90.0 s off"),
        (changed(clock_off_s=90.0), each("clock"), "the guest's clock is 90.0 s off"),
        (changed(painted=False), each("desktop"), "nobody could work with this desktop: it shows 1 colours"),
        (changed(random_sample="00" * 32), {"randomness"}, "3 clones drew 1 different samples"),
        (
            printing(codex="codex-cli 1.2.4\n"),
            each("codex"),
            "said: codex-cli 1.2.4",
        ),
        (printing(codex="codex-cli 11.2.3\n"), each("codex"), "said: codex-cli 11.2.3"),
        (printing(claude=""), each("claude"), "claude --version ended with 0 and said: nothing"),
        (
            printing(python3='PROBE ["192.168.100.1:22 can be reached past the proxy"] END'),
            each("egress"),
            "192.168.100.1:22 can be reached past the proxy",
        ),
        (printing(python3="Traceback: no module named json"), each("egress"), "the probe said: Traceback"),
        (changed(credential=b'{"access_token": ""}'), {"sign-in"}, "the demo's sign-in ended as failed"),
    ],
    ids=[
        "clock behind",
        "clock before",
        "empty desktop",
        "same randomness",
        "other version",
        "version within another",
        "no version",
        "egress hole",
        "probe broken",
        "credential unusable",
    ],
)
async def test_each_check_fails_by_itself_and_says_what_it_saw(
    new_lab: OpenLab, script: Script, names: set[str], detail: str
) -> None:
    async with new_lab(script) as lab:
        found = failed(await tried(lab))
    assert set(found) == names
    assert all(detail in text for text in found.values()), found


async def test_a_tool_that_ends_with_a_failure_is_found_even_when_it_names_its_version(
    new_lab: OpenLab,
) -> None:
    broken = dataclasses.replace(
        CANDIDATE, tools={"codex": (("codex-broken", "1.2.3"), "1.2.3"), "claude": CANDIDATE.tools["claude"]}
    )
    async with new_lab(changed(exit_code=3)) as lab:
        report = await canary_of(lab).run(broken, _ignore)
    assert "codex-broken 1.2.3 ended with 3" in failed(report)["codex of clone 1"]


async def test_a_sign_in_whose_tool_ends_is_told_with_its_failure(new_lab: OpenLab) -> None:
    async with new_lab(changed(exit_code=3)) as lab:
        found = failed(await tried(lab))
    assert set(found) == {"sign-in"}
    assert found["sign-in"].startswith("tool_exited: the demo's sign-in ended as failed")


@pytest.mark.usefixtures("patience")
async def test_a_page_that_never_hears_enter_is_given_up_after_a_while(new_lab: OpenLab) -> None:
    async with new_lab(changed(auth_url=None)) as lab:
        found = failed(await tried(lab))
        (session,) = await lab.sign_ins.list(lab.ann)
    assert found == {"sign-in": "took longer than 4 s"}
    assert session.status is SessionStatus.CANCELLED


@pytest.mark.usefixtures("patience")
async def test_a_tool_that_never_ends_is_given_up_and_says_nothing_of_those_after_it(
    new_lab: OpenLab,
) -> None:
    prints = {name: text for name, text in SOUND.prints.items() if name != "codex"}
    async with new_lab(changed(prints=prints)) as lab:
        report = await tried(lab)
    assert failed(report) == {
        **dict.fromkeys(each("codex"), "took longer than 4 s"),
        **dict.fromkeys(each("claude"), "canary_failed: codex still has the terminal"),
    }
    assert not report.conclusive


async def test_a_machine_that_does_not_start_is_named(new_lab: OpenLab) -> None:
    async with new_lab() as lab:
        lab.driver.refuse(MachineFailed("bwrap ended at once", remedy="Look.", code="machine_exited"))
        report = await tried(lab)
    found = failed(report)
    assert set(found) == {*each("start"), "randomness", "sign-in"}
    assert found["start of clone 1"] == "machine_exited: bwrap ended at once"
    assert report.clones == 0


async def test_one_clone_of_several_that_does_not_confirm_is_named_by_its_own_number(
    new_lab: OpenLab,
) -> None:
    async with new_lab() as lab:
        one_of(lab, [SOUND, changed(silent=True)])
        report = await tried(lab)
    found = failed(report)
    assert set(found) == {"start of clone 2", "randomness"}
    assert found["start of clone 2"].startswith("no_identity_ack: ")
    assert {check.name for check in report.checks} == CHECKS - {
        f"{what} of clone 2" for what in ("agent", "clock", "desktop", "egress", "codex", "claude")
    }


async def test_an_agent_that_is_of_another_build_is_not_tried_further(new_lab: OpenLab) -> None:
    async with new_lab(changed(agent_build="of-yesterday")) as lab:
        found = failed(await tried(lab))
    assert found["start of clone 1"].startswith("agent_mismatch: ")


async def test_a_check_of_the_agent_that_fails_later_is_named(new_lab: OpenLab) -> None:
    async with new_lab() as lab:
        one_of(lab, [changed(failing_check="browser")])
        found = failed(await tried(lab))
    assert found["start of clone 1"].startswith("browser_absent: ")


# -- what breaks on the way ------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _ended_once_started(lab: Lab, number: int) -> AsyncIterator[None]:
    """The machine of that number ends by itself as soon as it has confirmed."""
    introduce = lab.machines.introduce

    async def and_ends(live: Any) -> Any:
        guest = await introduce(live)
        if list(lab.driver.machines).index(live.record.vm_id) == number:
            machine: FakeMachine = live.machine
            machine.end(Exit(code=1, signal=None))
            await machine.agent.close()
        return guest

    lab.machines.introduce = and_ends  # type: ignore[method-assign]
    yield


async def test_a_clone_that_ends_after_its_start_fails_its_checks_and_not_the_trial(new_lab: OpenLab) -> None:
    async with new_lab() as lab, _ended_once_started(lab, 1):
        report = await tried(lab)
    assert set(failed(report)) == {
        f"{what} of clone 2" for what in ("agent", "clock", "desktop", "egress", "codex", "claude")
    }


async def test_a_desktop_that_hangs_up_while_a_key_is_pressed_is_told(
    new_lab: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.asynccontextmanager
    async def deaf(sock: Any) -> AsyncIterator[Any]:
        async with rfb_desktop(sock) as desktop:
            monkeypatch.setattr(desktop, "press", hung_up)
            yield desktop

    async def hung_up(_keysym: int) -> None:
        raise MachineFailed("the desktop hung up", remedy="Look.", code="vnc_absent")

    async with new_lab() as lab:
        subject = canary_of(lab)
        subject._open_desktop = deaf
        found = failed(await subject.run(CANDIDATE, _ignore))
    assert found == {"sign-in": "vnc_absent: the desktop hung up"}


async def test_a_bug_in_one_check_fails_that_check_and_is_logged(
    new_lab: OpenLab, monkeypatch: pytest.MonkeyPatch, log: list[Any]
) -> None:
    async def broken(*_: object) -> str:
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr(canary_checks, "confined", broken)
    async with new_lab() as lab:
        found = failed(await tried(lab))
    assert set(found) == each("egress")
    assert found["egress of clone 1"].startswith("internal: ")
    broken_checks = [line["check"] for line in log if line["event"] == "A canary's check broke"]
    assert set(broken_checks) == each("egress")


async def test_a_canary_that_is_given_up_leaves_no_machine(new_lab: OpenLab) -> None:
    async with new_lab(changed(auth_url=None)) as lab:
        trial = asyncio.create_task(canary_of(lab).run(CANDIDATE, _ignore))
        await until(lambda: len(lab.driver.machines) == CLONES + 1)
        trial.cancel()
        await asyncio.gather(trial, return_exceptions=True)
        await lab.sign_ins.stop()
        await lab.nothing_left()


def test_the_probe_is_a_program_that_prints_what_is_read() -> None:
    compile(canary_checks.EGRESS_PROBE, "probe", "exec")
    assert json.loads(PROBED.removeprefix("PROBE ").removesuffix(" END")) == []
