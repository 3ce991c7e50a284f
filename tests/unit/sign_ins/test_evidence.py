"""What is gathered of a failure: everything that answers, nothing that is secret, and in time."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from lab import SCRIPT, URL, Lab

from vestibule.core.egress import Reason, Verdict
from vestibule.core.machines import Exit, MachineMemory, MachineStatus
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.run_folders import CONSOLE, SCREENSHOT
from vestibule.services import evidence
from vestibule.services.evidence import LONGEST_S

pytestmark = pytest.mark.anyio
S = SessionStatus
OpenLab = Callable[..., AbstractAsyncContextManager[Lab]]
SILENT_TOOL = dataclasses.replace(SCRIPT, auth_url=None)
SECRET = "visibly-fake-0secret-of-a-guest"
CRASHES = "\n".join(
    f"vestibule-desktop: chromium ended: exit code -9; restart {count} in 0.4 s" for count in (1, 2)
)


async def _ready(lab: Lab) -> SessionRecord:
    record = await lab.connect()
    return await lab.reach(record.session_id, S.READY)


async def _waiting(lab: Lab) -> SessionRecord:
    record = await lab.connect()
    return await lab.reach(record.session_id, S.AWAITING_USER_AUTH)


def _write_console(lab: Lab, text: str) -> None:
    request = lab.driver.requests[-1]
    (request.run_dir / CONSOLE).write_text(text)


def _picture(lab: Lab, record: SessionRecord) -> Path:
    return lab.folder / "state/evidence" / str(record.vm_id) / SCREENSHOT


def _fails_checks(lab: Lab, name: str) -> None:
    agent = lab.machine().agent
    agent._script = dataclasses.replace(agent._script, failing_check=name)


async def test_a_tool_that_ends_leaves_all_that_machine_and_host_tell(new_lab: OpenLab) -> None:
    async with new_lab(script=SILENT_TOOL) as lab:
        lab.host.machine_memory = MachineMemory(oom_kills=0, limit_hits=0, limit_mib=1024, peak_mib=700)
        record = await _ready(lab)
        _write_console(lab, f"kernel: up\n{CRASHES}\n")
        await lab.machine().agent.tell("tool_error", text="cannot go on")
        await lab.machine().agent.tell("tool_exited", exit_code=1, screen="bye")
        ended = await lab.ended(record.session_id)
        found = ended.error_evidence
        assert (ended.status, ended.error_code) == (S.FAILED, "tool_exited")
        assert (found["screen"], found["tool_says"]) == ("bye", "cannot go on")
        assert (found["console"], found["agent_log"]) == ("kernel: up", CRASHES)
        assert found["checks"] == "all are well"
        assert found["machine_memory"].startswith("limit 1024 MiB, at most 700 MiB used")
        assert found["host_pressure"].startswith("memory 0 %")
        assert Path(found["screenshot"]) == _picture(lab, ended)
        assert _picture(lab, ended).read_bytes().startswith(b"\x89PNG")


async def test_a_machine_killed_at_its_own_limit_is_told_so_in_its_row_too(lab: Lab) -> None:
    record = await _waiting(lab)
    lab.host.machine_memory = MachineMemory(oom_kills=2, limit_hits=9, limit_mib=1024)
    lab.machine().end(Exit(code=None, signal=9))
    ended = await lab.ended(record.session_id)
    assert (ended.error_code, ended.error_evidence["exit"]) == ("guest_out_of_memory", "signal 9")
    assert "limit of 1024 MiB the kernel killed 2" in str(ended.error_cause)
    (machine,) = await lab.machines.of_user(lab.ann.user_id)
    assert (machine.status, machine.error_code) == (MachineStatus.FAILED, "guest_out_of_memory")


async def test_a_broker_that_died_is_told_of_every_machine(lab: Lab) -> None:
    record = await _waiting(lab)
    live = await lab.machines.start(lab.bob.user_id, driver=None)
    for number in (0, 1):
        lab.machine(number).end(Exit(code=None, signal=9, broker_lost=True))
    assert (await lab.ended(record.session_id)).error_code == "broker_gone"
    await asyncio.gather(*lab.machines.lifetimes.tasks)
    assert (await DbMachines(lab.database).get(live.record.vm_id)).error_code == "broker_gone"


async def test_a_browser_that_crashed_is_no_fault_of_a_person_who_waited(lab: Lab) -> None:
    record = await _waiting(lab)
    _write_console(lab, CRASHES)
    _fails_checks(lab, "browser")
    lab.sign_ins._runs[record.session_id]._deadline.move(0)
    ended = await lab.ended(record.session_id)
    assert (ended.status, ended.error_code) == (S.FAILED, "browser_crashed")
    assert ended.error_evidence["checks"] == "browser: fake"
    assert "Nobody was seen" in ended.error_evidence["first_seen_as"]


async def test_a_page_that_never_loaded_is_no_fault_of_a_person_who_waited(lab: Lab) -> None:
    record = await _waiting(lab)
    run = lab.sign_ins._runs[record.session_id]
    await run.site_missed(Verdict(host="login.demo.test", port=80, reason=Reason.UNREACHABLE))
    run._deadline.move(0)
    ended = await lab.ended(record.session_id)
    assert (ended.status, ended.error_code) == (S.FAILED, "egress_unreachable")


async def test_a_machine_that_does_not_confirm_shows_its_desktop_and_names_its_crashes(
    new_lab: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with new_lab(script=dataclasses.replace(SCRIPT, failing_check="browser")) as lab:
        monkeypatch.setattr("lab_doubles.CONSOLE_TEXT", CRASHES)
        ended = await lab.ended((await lab.connect()).session_id)
        assert ended.error_code == "browser_crashed"
        assert _picture(lab, ended).is_file()


# -- nothing of the person's -------------------------------------------------------------------------------


async def _none(_lab: Lab, _record: SessionRecord) -> None:
    return


async def _shows_page(lab: Lab, _record: SessionRecord) -> None:
    await lab.machine().agent.tell("auth_url", url=URL, source="screen")


async def _opens(lab: Lab, record: SessionRecord) -> None:
    await lab.sign_ins.open_url(lab.ann, record.session_id, "https://example.com/")


async def _pastes(lab: Lab, record: SessionRecord) -> None:
    lab.machine().agent._script = dataclasses.replace(lab.machine().agent._script, refusal="")
    await lab.sign_ins.paste(lab.ann, record.session_id, SECRET)


async def _views(lab: Lab, _record: SessionRecord) -> None:
    lab.machines.expose(lab.driver.requests[-1].vm_id)


@pytest.mark.parametrize(
    ("act", "kept"), [(_none, True), (_shows_page, False), (_opens, False), (_pastes, False), (_views, False)]
)
async def test_no_picture_is_kept_once_it_may_show_something_of_the_person_s(
    new_lab: OpenLab, act: Callable[[Lab, SessionRecord], Any], *, kept: bool
) -> None:
    async with new_lab(script=SILENT_TOOL) as lab:
        record = await _ready(lab)
        await act(lab, record)
        await lab.machine().agent.tell("tool_exited", exit_code=1, screen="bye")
        ended = await lab.ended(record.session_id)
        assert ("screenshot" in ended.error_evidence) is kept
        assert _picture(lab, ended).exists() is kept


async def test_somebody_who_comes_while_the_picture_is_taken_is_not_on_it(
    new_lab: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with new_lab(script=SILENT_TOOL) as lab:
        record = await _ready(lab)
        live = lab.machines.live(lab.driver.requests[-1].vm_id)
        guest = live.witness
        assert guest is not None
        opened = guest.open_vnc

        async def met() -> Any:
            lab.machines.expose(live.record.vm_id)
            return await opened()

        monkeypatch.setattr(guest, "open_vnc", met)
        await lab.machine().agent.tell("tool_exited", exit_code=1, screen="bye")
        assert not _picture(lab, await lab.ended(record.session_id)).exists()


async def test_secrets_are_neither_in_the_record_nor_in_the_logs_that_are_kept(new_lab: OpenLab) -> None:
    async with new_lab(script=SILENT_TOOL) as lab:
        record = await _ready(lab)
        await _pastes(lab, record)
        token = lab.machines.live(lab.driver.requests[-1].vm_id).token
        _write_console(lab, f"typed {SECRET}\nsaw {token}\nAuthorization: Basic {SECRET[::-1]}\nlast words\n")
        screen = f"{'-' * 80}\n> {SECRET[:9]}\n{SECRET[9:]}\nGET /callback?state={SECRET[::-1]}\nrefused\n"
        await lab.machine().agent.tell("tool_exited", exit_code=1, screen=screen)
        ended = await lab.ended(record.session_id)
        kept = (lab.folder / "state/evidence" / str(ended.vm_id) / CONSOLE).read_text()
        told = f"{ended.error_cause}{dict(ended.error_evidence)}{kept}"
        assert not [secret for secret in (SECRET, SECRET[9:], SECRET[::-1], token) if secret in told]
        assert "last words" in ended.error_evidence["console"]
        assert "refused" in ended.error_evidence["screen"]
        assert kept.endswith("last words\n")


# -- in time, whatever breaks ------------------------------------------------------------------------------


async def _hang(*_: object, **__: object) -> Any:
    await asyncio.Event().wait()


async def _break(*_: object, **__: object) -> Any:
    raise ZeroDivisionError


@pytest.mark.parametrize("broken", [_hang, _break])
async def test_what_does_not_answer_holds_nothing_up_and_hides_nothing(
    new_lab: OpenLab, broken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with new_lab(script=SILENT_TOOL) as lab:
        record = await _ready(lab)
        guest = lab.machines.live(lab.driver.requests[-1].vm_id).witness
        for name in ("health", "screen", "open_vnc"):
            monkeypatch.setattr(guest, name, broken)
        monkeypatch.setattr(lab.machines._folders, "console_tail", broken)
        began = time.monotonic()
        await lab.machine().agent.tell("tool_exited", exit_code=3, screen="bye")
        ended = await lab.ended(record.session_id)
        assert time.monotonic() - began < LONGEST_S + 5
        assert (ended.error_code, ended.error_evidence["screen"]) == ("tool_exited", "bye")
        assert "exit code 3" in str(ended.error_cause)


async def test_a_defect_of_the_diagnosis_hides_no_failure(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, log: list[Any]
) -> None:
    monkeypatch.setattr(evidence.Evidence, "of_machine", _break)
    record = await _waiting(lab)
    await lab.machine().agent.tell("tool_exited", exit_code=1, screen=f"state={SECRET}")
    ended = await lab.ended(record.session_id)
    assert ended.error_code == "tool_exited"
    assert SECRET not in str(ended)
    assert any(line["event"] == "A failure could not be explained" for line in log)


async def test_the_controller_s_own_end_looks_at_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def ask(*_: object) -> None:
        asked.append("asked")

    monkeypatch.setattr(evidence.Evidence, "of_machine", ask)
    record = await _waiting(lab)
    await lab.sign_ins.stop()
    assert (await lab.sessions.get(record.session_id)).error_code == "controller_restarted"
    assert asked == []
