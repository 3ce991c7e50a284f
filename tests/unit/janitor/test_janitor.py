"""The janitor removes what is too old or too much, never anything of what lives, and counts it."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from exposition import read
from lab import Lab
from monitor_lab import RULE, janitor_in_lab
from structlog.testing import capture_logs
from waiting import until

from vestibule.core.ids import SessionId
from vestibule.core.machines import MachineStatus
from vestibule.core.records import NoticeRecord, SessionRecord
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.schema import auth_sessions, steps, vms
from vestibule.drivers.db.unbroken import unbroken
from vestibule.drivers.metrics.prometheus import PrometheusMeter
from vestibule.services import janitor as janitors
from vestibule.services.janitor import Janitor

pytestmark = pytest.mark.anyio
BLOCK = 4096
QUOTA_BLOCKS = RULE.evidence_bytes // BLOCK
DAY_S = 86_400


@pytest.fixture
def ledger() -> PrometheusMeter:
    return PrometheusMeter()


@pytest.fixture
def janitor(lab: Lab, ledger: PrometheusMeter) -> Janitor:
    return janitor_in_lab(lab.folder, lab.database, lab.clock, ledger)


def keep_evidence(lab: Lab, name: str, *, blocks: int = 1, age_s: float) -> Path:
    """Of a machine that ended so long ago, by the lab's clock."""
    folder = lab.folder / "state/evidence" / name
    folder.mkdir(parents=True)
    (folder / "console.log").write_bytes(os.urandom(blocks * BLOCK))
    ended_s = (lab.clock.now() - dt.timedelta(seconds=age_s)).timestamp()
    os.utime(folder, (ended_s, ended_s))
    return folder


def kept(lab: Lab) -> set[str]:
    return {path.name for path in (lab.folder / "state/evidence").iterdir()}


async def test_what_is_too_old_goes(lab: Lab, janitor: Janitor, ledger: PrometheusMeter) -> None:
    for name, days in (("vm-a", 31), ("vm-b", 29)):
        keep_evidence(lab, name, blocks=2, age_s=days * DAY_S)
    await janitor.look()
    assert kept(lab) == {"vm-b"}
    series = read(ledger.text(await janitor.samples()).decode())
    assert series["vestibule_janitor_removed_total", ("evidence",)] == 1
    assert series["vestibule_janitor_freed_bytes_total", ()] == 2 * BLOCK
    assert series["vestibule_evidence_bytes", ()] == 2 * BLOCK
    assert series["vestibule_evidence_machines", ()] == 1


async def test_beyond_the_quota_the_oldest_go_first_and_no_more_than_needed(
    lab: Lab, janitor: Janitor
) -> None:
    third = QUOTA_BLOCKS // 3
    for name, hours in (("vm-1", 4), ("vm-2", 1), ("vm-3", 3), ("vm-4", 2)):
        keep_evidence(lab, name, blocks=third, age_s=hours * 3600)
    await janitor.look()
    assert kept(lab) == {"vm-2", "vm-3", "vm-4"}


async def test_evidence_of_a_live_machine_stays_however_old_and_large(lab: Lab, janitor: Janitor) -> None:
    live = (await lab.machines.start(lab.ann.user_id, driver=None)).record
    keep_evidence(lab, live.vm_id, blocks=2 * QUOTA_BLOCKS, age_s=400 * DAY_S)
    keep_evidence(lab, "vm-gone", age_s=3600)
    await janitor.look()
    assert kept(lab) == {live.vm_id}
    await lab.machines.destroy(live.vm_id)
    old_s = (lab.clock.now() - dt.timedelta(days=40)).timestamp()
    os.utime(lab.folder / "state/evidence" / live.vm_id, (old_s, old_s))
    await janitor.look()
    assert kept(lab) == set()


async def test_what_is_being_written_stays(lab: Lab, janitor: Janitor) -> None:
    folder = keep_evidence(lab, "vm-now", blocks=2 * QUOTA_BLOCKS, age_s=3600)
    os.utime(folder)
    await janitor.look()
    assert kept(lab) == {"vm-now"}


async def test_a_link_is_not_followed_and_a_stray_file_is_left_alone(
    lab: Lab, janitor: Janitor, tmp_path: Path
) -> None:
    keep_evidence(lab, "vm-old", age_s=40 * DAY_S)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("of the host")
    os.utime(precious, (0, 0))
    (lab.folder / "state/evidence/vm-link").symlink_to(precious)
    await janitor.look()
    assert (precious / "file").read_text() == "of the host"
    assert kept(lab) == {"vm-link"}


async def failed_session(lab: Lab, provider: str = "demo") -> SessionRecord:
    record = await lab.connect(provider=provider)
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.sessions.note(
        NoticeRecord(session_id=record.session_id, code="hint", text="look", at=lab.clock.now())
    )
    await add_step(lab, record.session_id)
    await lab.machine().agent.tell("tool_exited", exit_code=3, screen="visibly fake screen")
    ended = await lab.ended(record.session_id)
    await steps_stored(lab)
    return ended


async def steps_stored(lab: Lab) -> None:
    await until(lambda: not lab.timeline._writer._unstored)


@unbroken
async def add_step(lab: Lab, subject_id: str) -> None:
    step = {"subject_id": subject_id, "number": 100, "name": "start", "started_at": lab.clock.now()}
    async with lab.database.write() as connection:
        await connection.execute(steps.insert().values(step))


async def rows(lab: Lab, table: sa.Table) -> int:
    async with lab.database.read() as connection:
        return int(await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


async def test_old_rows_stay_and_their_bulk_goes(lab: Lab, janitor: Janitor, ledger: PrometheusMeter) -> None:
    before = await failed_session(lab)
    assert "visibly fake screen" in before.error_evidence["screen"]
    lab.clock.move(91 * DAY_S)
    await janitor.look()
    after = await lab.sessions.get(before.session_id)
    assert after.bulk_expired_at == lab.clock.now()
    assert (after.auth_url, after.page_title, after.user_code) == (None, None, None)
    assert "visibly fake" not in str(after.error_evidence)
    assert "bulk_keep_days" in after.error_evidence["expired"]
    told = (after.status, after.error_code, after.error_cause, after.error_remedy, after.golden_id)
    assert told == (
        before.status,
        before.error_code,
        before.error_cause,
        before.error_remedy,
        before.golden_id,
    )
    assert len(await lab.sessions.stages(before.session_id)) >= 4
    assert await lab.sessions.notices(before.session_id) == []
    assert await rows(lab, steps) == 0
    (machine,) = await DbMachines(lab.database).of_user(lab.ann.user_id)
    assert (machine.status, machine.bulk_expired_at) == (MachineStatus.FAILED, lab.clock.now())
    series = read(ledger.text([]).decode())
    assert series["vestibule_janitor_removed_total", ("session_bulk",)] == 1
    assert series["vestibule_janitor_removed_total", ("machine_bulk",)] == 1


async def test_what_had_no_evidence_gets_none_and_nothing_is_expired_twice(
    lab: Lab, janitor: Janitor
) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    await lab.ended(record.session_id)
    lab.clock.move(91 * DAY_S)
    await janitor.look()
    first = await lab.sessions.get(record.session_id)
    assert dict(first.error_evidence) == {}
    lab.clock.move(DAY_S)
    await janitor.look()
    assert (await lab.sessions.get(record.session_id)).bulk_expired_at == first.bulk_expired_at


async def test_young_and_unfinished_ones_keep_everything(lab: Lab, janitor: Janitor) -> None:
    young = await failed_session(lab)
    under_way = await lab.connect(provider="codex")
    waiting = await lab.reach(under_way.session_id, SessionStatus.AWAITING_USER_AUTH)
    await add_step(lab, under_way.session_id)
    await steps_stored(lab)
    before = await rows(lab, steps)
    lab.clock.move(89 * DAY_S)
    await janitor.look()
    assert (await lab.sessions.get(young.session_id)).error_evidence == young.error_evidence
    assert (await lab.sessions.get(under_way.session_id)).auth_url == waiting.auth_url
    assert await rows(lab, steps) == before


async def test_many_rows_go_in_batches_that_let_others_write(
    lab: Lab, janitor: Janitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(janitors, "BATCH", 7)
    example = await failed_session(lab)
    await copy_rows(lab, example.session_id, 30)
    lab.clock.move(91 * DAY_S)
    tidying = asyncio.create_task(janitor.look())
    written = 0
    while not tidying.done():
        await add_step(lab, f"s-other-{written}")
        written += 1
        await asyncio.sleep(0.01)
    await tidying
    assert written >= 4
    async with lab.database.read() as connection:
        query = sa.select(sa.func.count()).where(auth_sessions.c.bulk_expired_at.is_(None))
        assert await connection.scalar(query) == 0


@unbroken
async def copy_rows(lab: Lab, session_id: SessionId, count: int) -> None:
    async with lab.database.write() as connection:
        query = auth_sessions.select().where(auth_sessions.c.session_id == session_id)
        row = dict((await connection.execute(query)).one()._mapping)
        copies = [{**row, "session_id": f"s-copy-{number}"} for number in range(count)]
        await connection.execute(auth_sessions.insert(), copies)


async def test_a_round_that_fails_is_told_and_the_next_one_is_made(
    lab: Lab, janitor: Janitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(janitors, "EVERY_S", 0.01)
    keep_evidence(lab, "vm-old", age_s=40 * DAY_S)
    whole = lab.database.read
    broken = iter((True,))

    def read_once_broken() -> object:
        if next(broken, False):
            raise OSError("visibly fake")
        return whole()

    monkeypatch.setattr(lab.database, "read", read_once_broken)
    with capture_logs() as log:
        task = asyncio.create_task(janitor.run())
        async with asyncio.timeout(10):
            while kept(lab):  # noqa: ASYNC110 (a folder tells nobody that it went)
                await asyncio.sleep(0.01)
        task.cancel()
    assert "The janitor could not do its round" in [line["event"] for line in log]


async def test_no_machine_row_is_touched_that_still_lives(lab: Lab, janitor: Janitor) -> None:
    live = (await lab.machines.start(lab.ann.user_id, driver=None)).record
    lab.clock.move(400 * DAY_S)
    await janitor.look()
    async with lab.database.read() as connection:
        query = sa.select(vms.c.bulk_expired_at).where(vms.c.vm_id == live.vm_id)
        assert await connection.scalar(query) is None
