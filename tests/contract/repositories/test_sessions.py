"""What any implementation of Sessions and SessionsWithMachine promises."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError

from vestibule.core.errors import Absent, Conflict
from vestibule.core.ids import GoldenId, SessionId, UserId, VmId
from vestibule.core.machines import MachineStatus
from vestibule.core.records import NoticeRecord, SessionRecord
from vestibule.core.sessions import FINAL, SessionStatus

from .conftest import T0, Store, at, credential_of

pytestmark = pytest.mark.anyio
S = SessionStatus


async def test_a_session_reads_back_as_it_was_written(store: Store) -> None:
    session = await store.session(1, await store.user("ann"))
    assert await store.sessions.get(session.session_id) == session


async def test_a_session_that_is_not_there_is_absent(store: Store) -> None:
    with pytest.raises(Absent):
        await store.sessions.get(SessionId("s-none"))


async def test_adding_a_session_records_its_first_stage(store: Store) -> None:
    session = await store.session(1, await store.user("ann"))
    assert [(s.status, s.at) for s in await store.sessions.stages(session.session_id)] == [
        (S.STARTED, session.created_at)
    ]


async def test_a_second_open_session_for_the_same_tool_names_the_first(store: Store) -> None:
    ann = await store.user("ann")
    first = await store.session(1, ann)
    with pytest.raises(Conflict) as refused:
        await store.session(2, ann)
    assert refused.value.failure_code == "session_open"
    assert refused.value.evidence == {"session_id": first.session_id}
    with pytest.raises(Absent):
        await store.sessions.get(SessionId("s-2"))


async def test_another_user_or_another_tool_has_a_session_of_its_own(store: Store) -> None:
    ann, bob = await store.user("ann"), await store.user("bob")
    await store.session(1, ann)
    await store.session(2, bob)
    await store.session(3, ann, provider="codex")
    assert {s.session_id for s in await store.sessions.unfinished()} == {"s-1", "s-2", "s-3"}


@pytest.mark.parametrize("final", sorted(FINAL - {S.COMPLETED}))
async def test_a_session_that_has_ended_makes_room_for_the_next(store: Store, final: S) -> None:
    ann = await store.user("ann")
    first = await store.session(1, ann)
    await store.sessions.advance(first.session_id, seen=S.STARTED, to=final, at=at(1))
    await store.session(2, ann)


async def test_an_unknown_user_is_refused_by_the_foreign_key(store: Store) -> None:
    ann = await store.user("ann")
    with pytest.raises(IntegrityError):
        await store.session(1, dataclasses.replace(ann, user_id=UserId("u-nobody")))


async def test_two_connects_at_once_open_one_session(store: Store) -> None:
    ann = await store.user("ann")
    results = await asyncio.gather(*(store.session(n, ann) for n in range(8)), return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 7
    assert len(await store.sessions.unfinished()) == 1


async def test_advancing_writes_status_fields_stage_and_sequence_together(store: Store) -> None:
    session = await store.session(1, await store.user("ann"))
    moved = await store.sessions.advance(
        session.session_id, seen=S.STARTED, to=S.VM_CREATED, at=at(5), vm_ip="192.168.100.7"
    )
    assert (moved.status, moved.vm_ip, moved.seq) == (S.VM_CREATED, "192.168.100.7", 1)
    assert moved == await store.sessions.get(session.session_id)
    assert [s.status for s in await store.sessions.stages(session.session_id)] == [S.STARTED, S.VM_CREATED]


async def test_stages_of_one_moment_keep_their_order(store: Store) -> None:
    session = await store.session(0, await store.user("ann"))
    for seen, to in ((S.STARTED, S.VM_CREATED), (S.VM_CREATED, S.READY), (S.READY, S.AUTHENTICATING)):
        await store.sessions.advance(session.session_id, seen=seen, to=to, at=at(0))
    assert [s.status for s in await store.sessions.stages(session.session_id)] == [
        S.STARTED,
        S.VM_CREATED,
        S.READY,
        S.AUTHENTICATING,
    ]


async def test_a_stale_look_changes_nothing(store: Store) -> None:
    session = await store.session(1, await store.user("ann"))
    await store.sessions.advance(session.session_id, seen=S.STARTED, to=S.VM_CREATED, at=at(1))
    before = await store.sessions.get(session.session_id)
    with pytest.raises(Conflict) as refused:
        await store.sessions.advance(session.session_id, seen=S.STARTED, to=S.FAILED, at=at(2))
    assert refused.value.failure_code == "state_changed"
    assert await store.sessions.get(session.session_id) == before


@pytest.mark.parametrize("to", list(S))
async def test_nothing_leaves_a_final_state(store: Store, to: S) -> None:
    session = await store.session(1, await store.user("ann"))
    ended = await store.sessions.advance(session.session_id, seen=S.STARTED, to=S.CANCELLED, at=at(9))
    assert ended.completed_at == at(9)
    with pytest.raises(Conflict):
        await store.sessions.advance(session.session_id, seen=S.CANCELLED, to=to, at=at(10))
    with pytest.raises(Conflict):
        await store.sessions.update(session.session_id, page_title="too late")
    with pytest.raises(Conflict):
        await store.sessions.note(_notice(session.session_id, "late", "too late"))
    assert await store.sessions.get(session.session_id) == ended


async def test_of_two_who_saw_the_same_state_one_wins(store: Store) -> None:
    session = await store.session(1, await store.user("ann"))
    swaps = (
        store.sessions.advance(session.session_id, seen=S.STARTED, to=to, at=at(1))
        for to in (S.VM_CREATED, S.FAILED, S.TIMEOUT, S.CANCELLED)
    )
    results = await asyncio.gather(*swaps, return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 3
    assert len(await store.sessions.stages(session.session_id)) == 2


@pytest.mark.parametrize("name", ["status", "seq", "user_id", "completed_at", "colour"])
async def test_a_field_that_is_no_free_column_is_refused(store: Store, name: str) -> None:
    session = await store.session(1, await store.user("ann"))
    fields: dict[str, object] = {name: "x"}
    with pytest.raises(TypeError, match=name):
        await store.sessions.update(session.session_id, **fields)


async def test_every_update_counts_the_sequence_up(store: Store) -> None:
    session = await store.session(1, await store.user("ann"))
    await store.sessions.update(session.session_id, auth_url="https://example.test/")
    await store.sessions.note(_notice(session.session_id, "page", "cannot load"))
    last = await store.sessions.update(session.session_id, error_evidence={"screen": "é"})
    assert (last.seq, last.auth_url, last.error_evidence) == (3, "https://example.test/", {"screen": "é"})


async def test_a_first_frame_is_kept_once_and_never_of_a_session_that_ended(store: Store) -> None:
    session = await store.session(1, await store.user("ann"))
    kept = await store.sessions.keep_first_frame(session.session_id, 900)
    assert kept is not None
    assert (kept.first_frame_ms, kept.seq) == (900, session.seq + 1)
    assert await store.sessions.keep_first_frame(session.session_id, 700) is None
    assert await store.sessions.get(session.session_id) == kept
    other = await store.session(2, await store.user("bob"))
    ended = await store.sessions.advance(other.session_id, seen=S.STARTED, to=S.CANCELLED, at=at(1))
    assert await store.sessions.keep_first_frame(other.session_id, 900) is None
    assert await store.sessions.get(other.session_id) == ended


async def test_the_same_notice_again_keeps_the_newest(store: Store) -> None:
    session = await store.session(1, await store.user("ann"))
    await store.sessions.note(_notice(session.session_id, "page", "old"))
    await store.sessions.note(_notice(session.session_id, "other", "other", seconds=1))
    await store.sessions.note(_notice(session.session_id, "page", "new", seconds=2))
    found = await store.sessions.notices(session.session_id)
    assert [(n.code, n.text) for n in found] == [("other", "other"), ("page", "new")]


def _notice(session_id: SessionId, code: str, text: str, seconds: float = 0) -> NoticeRecord:
    return NoticeRecord(session_id=session_id, code=code, text=text, at=at(seconds))


async def test_completing_stores_the_credential_with_the_state(store: Store) -> None:
    session = await store.authenticating(1, await store.user("ann"))
    credential = credential_of(session)
    done = await store.sessions.complete(session.session_id, credential, seen=session.status, at=at(9))
    assert (done.status, done.credential_id, done.completed_at) == (S.COMPLETED, "c-1", at(9))
    assert await store.credentials.get(credential.credential_id) == credential


async def test_a_session_that_ended_otherwise_stores_no_credential(store: Store) -> None:
    session = await store.authenticating(1, await store.user("ann"))
    await store.sessions.advance(session.session_id, seen=session.status, to=S.CANCELLED, at=at(8))
    credential = credential_of(session)
    with pytest.raises(Conflict):
        await store.sessions.complete(session.session_id, credential, seen=session.status, at=at(9))
    with pytest.raises(Absent):
        await store.credentials.get(credential.credential_id)


async def test_a_credential_that_cannot_be_stored_leaves_the_session_as_it_was(store: Store) -> None:
    session = await store.authenticating(1, await store.user("ann"))
    orphan = dataclasses.replace(credential_of(session), session_id=SessionId("s-none"))
    with pytest.raises(IntegrityError):
        await store.sessions.complete(session.session_id, orphan, seen=session.status, at=at(9))
    assert await store.sessions.get(session.session_id) == session
    assert S.COMPLETED not in {s.status for s in await store.sessions.stages(session.session_id)}


async def test_machine_and_session_start_together(store: Store) -> None:
    ann = await store.user("ann")
    session = await store.session(1, ann)
    machine = await store.machine(7, ann, session_id=session.session_id)
    running = await _running(store, session.session_id, machine.vm_id)
    assert (running.status, running.vm_id, running.golden_id) == (S.VM_CREATED, "vm-7", "g-1")
    row = await store.machines.get(machine.vm_id)
    assert (row.status, row.running_at, row.pid) == (MachineStatus.RUNNING, at(3), 42)


async def _running(store: Store, session_id: SessionId, vm_id: VmId) -> SessionRecord:
    return await store.pair.machine_running(
        session_id,
        vm_id,
        at=at(3),
        session_fields={"vm_id": vm_id, "browser_vm_id": vm_id, "golden_id": GoldenId("g-1")},
        machine_fields={"pid": 42, "pid_started": 2**40},
    )


async def test_a_cancelled_session_does_not_get_its_machine_running(store: Store) -> None:
    ann = await store.user("ann")
    session = await store.session(1, ann)
    machine = await store.machine(7, ann, session_id=session.session_id)
    await store.sessions.advance(session.session_id, seen=S.STARTED, to=S.CANCELLED, at=at(2))
    with pytest.raises(Conflict):
        await _running(store, session.session_id, machine.vm_id)
    assert await store.machines.get(machine.vm_id) == machine


async def test_a_machine_that_failed_leaves_its_session_started(store: Store) -> None:
    ann = await store.user("ann")
    session = await store.session(1, ann)
    machine = await store.machine(7, ann, session_id=session.session_id)
    await store.machines.advance(machine.vm_id, to=MachineStatus.FAILED)
    with pytest.raises(Conflict):
        await _running(store, session.session_id, machine.vm_id)
    assert await store.sessions.get(session.session_id) == session


async def test_a_users_sessions_come_newest_first_and_are_only_theirs(store: Store) -> None:
    ann, bob = await store.user("ann"), await store.user("bob")
    for number, provider in ((1, "a"), (2, "b"), (3, "c")):
        await store.session(number, ann, provider)
    await store.session(4, bob)
    assert [s.session_id for s in await store.sessions.of_user(ann.user_id)] == ["s-3", "s-2", "s-1"]
    assert [s.session_id for s in await store.sessions.of_user(ann.user_id, limit=1)] == ["s-3"]


async def test_moments_of_any_zone_come_back_in_utc(store: Store) -> None:
    session = await store.session(1, await store.user("ann"))
    there = T0.astimezone(dt.timezone(dt.timedelta(hours=5)))
    changed = await store.sessions.update(session.session_id, deadline_at=there)
    assert changed.deadline_at == T0
    assert changed.deadline_at.tzinfo is dt.UTC


async def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    session = await store.session(1, await store.user("ann"))
    with pytest.raises(Exception, match="a timezone is needed"):
        await store.sessions.update(session.session_id, deadline_at=T0.replace(tzinfo=None))


async def test_histories_of_several_are_each_ones_own(store: Store) -> None:
    ann = await store.someone()
    first, second = await store.authenticating(1, ann), await store.session(2, await store.user("bob"))
    for code, seconds in (("later", 9), ("sooner", 8)):
        notice = NoticeRecord(session_id=first.session_id, code=code, text="Mind.", at=at(seconds))
        await store.sessions.note(notice)
    found = await store.sessions.histories([second.session_id, first.session_id])
    assert list(found) == [second.session_id, first.session_id]
    assert found[second.session_id] == (await store.sessions.stages(second.session_id), [])
    stages, notices = found[first.session_id]
    assert [stage.status for stage in stages] == ["started", "vm_created", "ready", "authenticating"]
    assert [notice.code for notice in notices] == ["sooner", "later"]
