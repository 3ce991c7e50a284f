"""Every stage of a sign-in fails: each time with a code, a cause, a next step, and nothing left behind."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from lab import SCRIPT, Lab
from lab_doubles import CONSOLE_TEXT

from vestibule.core.errors import DiskFull, HostUnfit, MachineFailed, Unavailable, VestibuleError
from vestibule.core.machines import DriverName, Exit, MachineStatus
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus
from vestibule.core.symptoms import CHECK_CODES
from vestibule.services import sign_in_run, sign_ins

pytestmark = pytest.mark.anyio
S = SessionStatus
DIED = Exit(code=None, signal=9)
FULL = DiskFull("The database could not be written: its disk is full.", remedy="Free space.")


async def _failed(lab: Lab, session_id: Any, code: str, stage: SessionStatus) -> SessionRecord:
    """The session has failed as said, and nothing of its machine is left."""
    record = await lab.ended(session_id)
    assert (record.status, record.error_code, record.error_stage) == (S.FAILED, code, stage)
    assert record.error_cause
    assert record.error_remedy
    await lab.nothing_left()
    return record


async def test_a_driver_that_refuses(lab: Lab) -> None:
    lab.driver.refuse(HostUnfit("No user namespaces.", remedy="Allow them.", code="userns_off"))
    record = await lab.connect()
    failed = await _failed(lab, record.session_id, "userns_off", S.STARTED)
    assert (failed.error_cause, failed.error_remedy) == ("No user namespaces.", "Allow them.")
    (machine,) = await lab.machines.of_user(lab.ann.user_id)
    assert (machine.status, machine.error_code) == (MachineStatus.FAILED, "userns_off")


async def test_a_driver_with_a_defect(lab: Lab, log: list[Any]) -> None:
    lab.driver.refuse(ZeroDivisionError("secret detail"))
    record = await lab.connect()
    failed = await _failed(lab, record.session_id, "internal", S.STARTED)
    assert "ZeroDivisionError" in str(failed.error_cause)
    assert "secret detail" not in str(failed)
    assert any(line["event"] == "Stage failed" for line in log)


async def test_a_driver_that_hangs(new_lab: Any) -> None:
    async with new_lab(limits={"start_timeout_s": {DriverName.FAKE: 0.01}}) as lab:
        lab.driver.gate = asyncio.Event()
        record = await lab.connect()
        failed = await _failed(lab, record.session_id, "start_timeout", S.STARTED)
    assert "0.01 s" in str(failed.error_cause)


async def test_a_credential_that_does_not_arrive(new_lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("vestibule.drivers.guest.HttpGuest.claim_credential", never)
    async with new_lab(claim_timeout_s=0.02) as lab:
        record = await lab.connect()
        await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
        await lab.machine().agent.sign_in()
        failed = await _failed(lab, record.session_id, "claim_timeout", S.AUTHENTICATING)
    assert "0.02 s" in str(failed.error_cause)


async def test_a_timeout_of_the_driver_s_own_is_not_called_ours(lab: Lab) -> None:
    lab.driver.refuse(TimeoutError())
    record = await lab.connect()
    await _failed(lab, record.session_id, "internal", S.STARTED)


async def test_a_way_out_that_cannot_be_opened(lab: Lab) -> None:
    lab.egress.error = HostUnfit("No socket.", remedy="Mend it.", code="no_socket")
    record = await lab.connect()
    await _failed(lab, record.session_id, "no_socket", S.STARTED)
    assert sorted(lab.journal) == ["machine stopped", "stored failed"]


SCRIPTS: dict[str, dict[str, Any]] = {
    "no_identity_ack": {"silent": True},
    "agent_mismatch": {"agent_build": "an-older-build"},
    **{code: {"failing_check": name} for name, code in CHECK_CODES.items()},
}


@pytest.mark.parametrize(("code", "changes"), SCRIPTS.items(), ids=SCRIPTS)
async def test_a_machine_that_does_not_confirm_is_never_shown(
    new_lab: Any, code: str, changes: dict[str, Any]
) -> None:
    async with new_lab(script=dataclasses.replace(SCRIPT, **changes)) as lab:
        record = await lab.connect()
        failed = await _failed(lab, record.session_id, code, S.VM_CREATED)
        assert failed.error_evidence["console"] == CONSOLE_TEXT.strip()
        stages, _ = await lab.sign_ins.history(record.session_id)
        assert S.READY not in {stage.status for stage in stages}
        (machine,) = await lab.machines.of_user(lab.ann.user_id)
        assert (machine.status, machine.error_code) == (MachineStatus.FAILED, code)


async def test_an_agent_of_another_contract(new_lab: Any) -> None:
    async with new_lab(script=dataclasses.replace(SCRIPT, contract=99)) as lab:
        record = await lab.connect()
        failed = await _failed(lab, record.session_id, "agent_mismatch", S.VM_CREATED)
        assert "contract 99" in str(failed.error_cause)
        assert "vestibule golden build" in str(failed.error_remedy)


@pytest.mark.parametrize(
    ("exit_code", "code"), [(0, "tool_exited"), (1, "tool_exited"), (127, "tool_missing")]
)
async def test_a_tool_that_ends_without_a_credential(
    new_lab: Any, log: list[Any], exit_code: int, code: str
) -> None:
    async with new_lab(script=dataclasses.replace(SCRIPT, exit_code=exit_code)) as lab:
        record = await lab.connect()
        failed = await _failed(lab, record.session_id, code, S.READY)
        assert "vestibule-demo login" in failed.error_evidence["screen"]
        told = [line for line in log if line.get("error_code") == code or line.get("code") == code]
        assert [line["event"] for line in told] == ["Session advanced", "Machine failed"]
        assert all(failed.error_cause in line.values() for line in told)


async def test_a_tool_that_ends_well_may_leave_its_credential_a_moment_later(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    agent = lab.machine().agent
    await agent.tell("tool_exited", exit_code=0, screen="done")
    await agent.sign_in()
    assert (await lab.ended(record.session_id)).status is S.COMPLETED


async def test_a_tool_that_shows_no_address(new_lab: Any) -> None:
    async with new_lab(script=dataclasses.replace(SCRIPT, auth_url=None), url_timeout_s=0.01) as lab:
        record = await lab.connect()
        failed = await _failed(lab, record.session_id, "url_not_seen", S.READY)
        assert "vestibule-demo login" in failed.error_evidence["screen"]


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b'{"access_token": "", "refresh_token": "x"}'])
async def test_a_credential_that_is_none(new_lab: Any, content: bytes) -> None:
    async with new_lab(script=dataclasses.replace(SCRIPT, credential=content, signs_in=True)) as lab:
        record = await lab.connect()
        failed = await _failed(lab, record.session_id, "credential_invalid", S.AUTHENTICATING)
        assert failed.credential_id is None
        assert await lab.context.credentials.list(lab.ann) == []


async def test_a_credential_not_yet_whole_is_a_notice_that_ends_nothing(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.tell("credential_invalid", path="~/x", cause="access_token is empty")
    async for _ in lab.sign_ins.changes(record.session_id, 10):
        _stages, notices = await lab.sign_ins.history(record.session_id)
        if notices:
            break
    assert [(notice.code, notice.text) for notice in notices] == [
        ("credential_invalid", "The tool wrote no login yet: access_token is empty")
    ]


async def test_a_machine_that_dies_while_it_starts(lab: Lab) -> None:
    lab.driver.refuse(MachineFailed("It ended at once.", remedy="Read.", code="machine_exited"))
    record = await lab.connect()
    await _failed(lab, record.session_id, "machine_exited", S.STARTED)


async def test_a_machine_that_dies_before_its_agent_answers(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(live: Any) -> None:
        live.machine.end(DIED)
        raise MachineFailed("The channel was closed.", remedy="Read.", code="no_identity_ack")

    monkeypatch.setattr(lab.machines, "introduce", die)
    record = await lab.connect()
    failed = await _failed(lab, record.session_id, "machine_exited", S.VM_CREATED)
    assert "signal 9" in str(failed.error_cause)
    assert failed.error_evidence["console"] == CONSOLE_TEXT.strip()


async def test_a_machine_that_dies_is_named_even_when_its_agent_falls_silent_first(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.close()  # as seen from outside: the stream breaks, then the exit is known
    asyncio.get_running_loop().call_later(0.02, lab.machine().end, DIED)
    failed = await _failed(lab, record.session_id, "machine_exited", S.AWAITING_USER_AUTH)
    assert failed.error_evidence["console"] == CONSOLE_TEXT.strip()


async def _hang(*_: object, **__: object) -> str:
    await asyncio.Event().wait()
    return ""


async def _deny(*_: object, **__: object) -> str:
    raise PermissionError("console.log")


async def _break(*_: object, **__: object) -> str:
    raise ZeroDivisionError


@pytest.mark.parametrize("read", [_hang, _deny, _break])
async def test_a_console_that_cannot_be_read_hides_no_failure(
    lab: Lab, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestibule.services.evidence.FILES_S", 0.01)
    monkeypatch.setattr(lab.machines._folders, "console_tail", read)
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.close()
    await _failed(lab, record.session_id, "agent_unreachable", S.AWAITING_USER_AUTH)


async def test_an_agent_that_falls_silent_in_a_machine_that_lives(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.close()
    await _failed(lab, record.session_id, "agent_unreachable", S.AWAITING_USER_AUTH)


async def test_a_machine_that_dies_while_the_credential_is_claimed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    machine = lab.machine()

    async def claim(*_: object) -> Any:
        machine.end(DIED)
        await asyncio.Event().wait()

    monkeypatch.setattr("vestibule.drivers.guest.HttpGuest.claim_credential", claim)
    await machine.agent.sign_in()
    await _failed(lab, record.session_id, "machine_exited", S.AUTHENTICATING)


BAD_EVENTS = [
    ("auth_url", {"url": "javascript:alert(1)"}),
    ("auth_url", {"url": "https://evil.example.com/authorize?x"}),
    ("auth_url", {}),
    ("page", {"title": {"not": "a text"}}),
    ("user_code", {"code": 7}),
    ("tool_exited", {"exit_code": "1", "screen": ""}),
]


@pytest.mark.parametrize(("kind", "data"), BAD_EVENTS)
async def test_a_guest_that_sends_what_it_should_not(
    new_lab: Any, kind: str, data: dict[str, object]
) -> None:
    async with new_lab(script=dataclasses.replace(SCRIPT, auth_url=None)) as lab:
        record = await lab.connect()
        await lab.reach(record.session_id, S.READY)
        await lab.machine().agent.tell(kind, **data)
        failed = await _failed(lab, record.session_id, "agent_mismatch", S.READY)
        assert failed.auth_url is None


async def test_a_disk_that_is_full_for_a_moment_costs_nobody_the_session(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    swallow = lab.sessions.update

    async def full_once(*_: object, **__: object) -> Any:
        lab.sessions.update = swallow  # type: ignore[method-assign]  # full once
        raise FULL

    lab.sessions.update = full_once  # type: ignore[method-assign]  # full once
    await lab.machine().agent.tell("page", title="another")
    await lab.until(record.session_id, lambda now: now.page_title == "another")
    await lab.machine().agent.sign_in()
    await lab.reach(record.session_id, S.COMPLETED)


async def test_a_disk_that_stays_full_leaves_no_machine_and_says_so_to_who_cancels(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_run, "STORE_AGAIN_S", 0.05)
    monkeypatch.setattr(sign_ins, "CANCEL_TIMEOUT_S", 0.2)
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    lab.sessions.failing = FULL
    lab.machine().end(DIED)
    with pytest.raises(Unavailable, match="cancel_pending"):
        await lab.sign_ins.cancel(lab.ann, record.session_id)
    lab.sessions.failing = None
    assert (await lab.ended(record.session_id)).status is S.FAILED
    await lab.nothing_left()
    assert (await lab.connect()).session_id != record.session_id


Sabotage = Callable[[Lab, VestibuleError], None]


def _row(lab: Lab, error: VestibuleError) -> None:
    advance = lab.machines._rows.advance

    async def refuse(vm_id: Any, *, to: MachineStatus, **fields: object) -> Any:
        if to is MachineStatus.STOPPING:
            raise error
        return await advance(vm_id, to=to, **fields)

    lab.machines._rows.advance = refuse  # type: ignore[method-assign]  # sabotage


def _way_out(lab: Lab, error: VestibuleError) -> None:
    close = lab.egress.close

    async def refuse(vm_id: Any) -> None:
        await close(vm_id)
        raise error

    lab.egress.close = refuse  # type: ignore[method-assign]  # sabotage


def _stop(lab: Lab, error: VestibuleError) -> None:
    machine = lab.machine()
    stop: Callable[[], Awaitable[None]] = machine.stop

    async def refuse() -> None:
        await stop()
        raise error

    machine.stop = refuse  # type: ignore[method-assign]  # sabotage


@pytest.mark.parametrize("sabotage", [_row, _way_out, _stop])
async def test_an_end_that_fails_at_one_step_takes_all_the_others(lab: Lab, sabotage: Sabotage) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    sabotage(lab, FULL)
    await lab.machine().agent.sign_in()
    assert (await lab.ended(record.session_id)).status is S.COMPLETED
    assert lab.journal == ["stored completed", "machine stopped"]
    await lab.nothing_left()
    (machine,) = await lab.machines.of_user(lab.ann.user_id)
    assert (machine.status, machine.error_code) == (MachineStatus.FAILED, "disk_full")
