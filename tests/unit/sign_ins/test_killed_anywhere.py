"""The crash matrix: a controller killed at every step of a sign-in leaves nothing untold, nothing behind."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from lab import TOKEN, Lab, open_lab
from mortal import Life, killed_and_followed

from vestibule.core.machines import MachineStatus
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import FINAL
from vestibule.core.sessions import SessionStatus as S

pytestmark = pytest.mark.anyio

NOBODY_KNOWS_IT, RESTARTED, LOST, COMPLETED = (
    "no session",
    "controller_restarted",
    "credential_lost",
    "completed",
)

MATRIX = (
    # The step, what becomes of the sign-in when the controller is killed before it, and after it.
    # Until ``vm_created`` is stored it has no machine of its own, and waits in the line again.
    ("JournaledSessions.add#1", NOBODY_KNOWS_IT, COMPLETED),  # the session is stored: started
    ("MeteredMachines.add#1", COMPLETED, COMPLETED),  # its machine has an address
    ("DiskRunFolders.make#1", COMPLETED, COMPLETED),
    ("LabDriver.start#1", COMPLETED, COMPLETED),  # the machine runs
    ("FakeMachine.listen#1", COMPLETED, COMPLETED),
    ("Egress.open#1", COMPLETED, COMPLETED),
    ("JournaledSessions.machine_running#1", COMPLETED, RESTARTED),  # vm_created
    ("FakeControl.introduce#1", RESTARTED, RESTARTED),
    ("MeteredMachines.update#1", RESTARTED, RESTARTED),  # its agent's build is stored
    ("FakeMachine.keep#1", RESTARTED, COMPLETED),  # from now on it outlives its controller
    ("JournaledSessions.advance#1", COMPLETED, COMPLETED),  # ready
    ("HttpGuest.login#1", COMPLETED, COMPLETED),  # the tool's login runs
    ("JournaledSessions.advance#2", COMPLETED, COMPLETED),  # awaiting_user_auth
    ("JournaledSessions.update#1", COMPLETED, COMPLETED),  # the page's title
    ("JournaledSessions.update#2", COMPLETED, COMPLETED),  # a heartbeat
    ("JournaledSessions.advance#3", COMPLETED, COMPLETED),  # authenticating
    ("HttpGuest.claim_credential#1", COMPLETED, LOST),
    ("JournaledSessions.complete#1", LOST, COMPLETED),  # in the vault
    ("MeteredMachines.advance#1", COMPLETED, COMPLETED),  # the machine is stopping
    ("Egress.close#1", COMPLETED, COMPLETED),
    ("FakeMachine.stop#1", COMPLETED, COMPLETED),
    ("DiskRunFolders.archive#1", COMPLETED, COMPLETED),
    ("MeteredMachines.advance#2", COMPLETED, COMPLETED),
    ("MeteredMachines.advance#3", COMPLETED, COMPLETED),  # destroyed
)
MOMENTS = [
    (f"{when} {step}", outcome)
    for step, before, after in MATRIX
    for when, outcome in (("before", before), ("after", after))
]


async def _sign_in(lab: Lab) -> None:
    """A whole one, with a person who gives a sign of life on the way."""
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.sign_ins.heartbeat(lab.ann, record.session_id)
    await lab.machine().agent.sign_in()
    await lab.ended(record.session_id)


async def test_the_matrix_has_every_step(tmp_path: Path) -> None:
    life = Life()
    async with open_lab(tmp_path, around=life.around) as lab:
        await _sign_in(lab)
        assert sorted(life.steps) == sorted(step for step, _, _ in MATRIX)


async def _carried_to_its_end(lab: Lab) -> SessionRecord | None:
    """The one session that there is, if any; its person is there whenever it waits for them."""
    found = await lab.sign_ins.list(lab.ann)
    if not found:
        return None
    (record,) = found
    if record.status not in FINAL:
        await lab.until(record.session_id, lambda now: now.status not in {S.STARTED, S.VM_CREATED, S.READY})
        await lab.machine().agent.sign_in()
        await lab.until(record.session_id, lambda now: now.status in FINAL)
        await lab.ended(record.session_id)
    return await lab.sessions.get(record.session_id)


async def _opens(lab: Lab, record: SessionRecord) -> bool:
    assert record.credential_id is not None
    _, opened = await lab.context.credentials.export(lab.ann, record.credential_id)
    return TOKEN in base64.b64decode(opened.files[0].content).decode()


@pytest.mark.parametrize(("moment", "outcome"), MOMENTS)
async def test_a_killed_controller_s_sign_in_ends_with_what_is_true(
    tmp_path: Path, moment: str, outcome: str
) -> None:
    async with killed_and_followed(tmp_path, Life(moment), _sign_in) as lab:
        record = await _carried_to_its_end(lab)
        if record is None:
            assert outcome == NOBODY_KNOWS_IT
        elif record.status is S.COMPLETED:
            assert outcome == COMPLETED
            assert await _opens(lab, record)
        else:
            assert (record.status, record.error_code) == (S.FAILED, outcome)
            assert record.error_cause
            assert record.error_remedy
        await lab.nothing_left()
        assert all(machine.ended for machine in lab.driver.machines.values())
        rows = await lab.machines.of_user(lab.ann.user_id)
        assert {row.status for row in rows} <= {MachineStatus.DESTROYED, MachineStatus.FAILED}
        assert all(row.error_code for row in rows if row.status is MachineStatus.FAILED)
