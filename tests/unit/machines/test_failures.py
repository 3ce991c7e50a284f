"""A machine's failure is kept whole in its row: stage, remedy and evidence, too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lab import Lab, open_lab
from lab_doubles import CONSOLE_TEXT
from waiting import until

from vestibule.core.errors import MachineFailed
from vestibule.core.machines import Exit, MachineRecord, MachineStatus
from vestibule.core.records import SessionRecord
from vestibule.core.redaction import HIDDEN
from vestibule.core.sessions import SessionStatus

pytestmark = pytest.mark.anyio
KILLED = Exit(code=None, signal=9)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path) as opened:
        yield opened


async def _machine(lab: Lab) -> MachineRecord:
    (row,) = await lab.machines.of_user(lab.ann.user_id)
    return row


async def _failed(lab: Lab, session: SessionRecord) -> tuple[SessionRecord, MachineRecord]:
    return await lab.ended(session.session_id), await _machine(lab)


async def test_a_machine_without_a_sign_in_that_ends_by_itself(lab: Lab) -> None:
    ends: list[str] = []
    lab.machines.tell_ends(lambda: ends.append("ended"))
    await lab.machines.start(lab.ann.user_id, driver=None)
    lab.machine().end(KILLED)
    await until(lambda: ends)
    row = await _machine(lab)
    assert (row.error_code, row.error_stage) == ("machine_exited", MachineStatus.RUNNING)
    assert row.error_remedy
    assert row.error_evidence["console"] == CONSOLE_TEXT.strip()
    assert row.error_evidence["exit"] == "signal 9"


async def test_a_machine_that_does_not_start(lab: Lab) -> None:
    lab.driver.refuse(MachineFailed("bwrap ended", remedy="Look.", code="machine_exited", log="token=fake-0"))
    session, row = await _failed(lab, await lab.connect())
    assert (row.error_stage, row.error_remedy) == (MachineStatus.CREATING, "Look.")
    assert row.error_evidence == {"log": f"token={HIDDEN}"}
    assert session.golden_id == row.golden_id


async def test_a_machine_has_the_failure_of_its_sign_in_with_the_same_evidence(lab: Lab) -> None:
    session = await lab.connect()
    await lab.reach(session.session_id, SessionStatus.AWAITING_USER_AUTH)
    lab.machine().end(KILLED)
    session, row = await _failed(lab, session)
    assert (row.error_code, row.error_cause, row.error_remedy, row.error_evidence) == (
        *(session.error_code, session.error_cause, session.error_remedy, session.error_evidence),
    )
    assert row.error_evidence
    assert row.error_stage is MachineStatus.RUNNING


async def test_a_machine_that_somebody_ended_has_no_failure(lab: Lab) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    await lab.machines.destroy(live.record.vm_id)
    row = await _machine(lab)
    assert (row.error_code, row.error_stage, row.error_remedy, row.error_evidence) == (None, None, None, {})
