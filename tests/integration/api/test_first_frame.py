"""How long a desktop's first frame took: its owner's browser reports it once, and then it can be read."""

from __future__ import annotations

import httpx
import pytest
from exposition import read
from lab import Lab

from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus

pytestmark = pytest.mark.anyio


@pytest.fixture
async def session(lab: Lab) -> SessionRecord:
    """A sign-in of ann's that waits for her."""
    record = await lab.connect()
    return await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)


def _path(session: SessionRecord) -> str:
    return f"/api/auth/session/{session.session_id}"


async def test_what_was_reported_first_stays_and_is_counted_once(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord
) -> None:
    assert (await ann.get(_path(session))).json()["first_frame_ms"] is None
    for milliseconds in (850, 4000):
        answer = await ann.post(f"{_path(session)}/first-frame", json={"milliseconds": milliseconds})
        assert (answer.status_code, answer.json()["first_frame_ms"]) == (200, 850)
    assert (await ann.get(_path(session))).json()["first_frame_ms"] == 850
    series = read((await lab.context.monitor.exposition()).decode())
    assert series["vestibule_first_frame_seconds_count", ("fake",)] == 1
    assert series["vestibule_first_frame_seconds_sum", ("fake",)] == 0.85


@pytest.mark.parametrize("milliseconds", [0, -5, 600_001, 1.5, "soon", None])
async def test_what_nobody_can_have_measured_is_refused(
    ann: httpx.AsyncClient, session: SessionRecord, milliseconds: object
) -> None:
    answer = await ann.post(f"{_path(session)}/first-frame", json={"milliseconds": milliseconds})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert (await ann.get(_path(session))).json()["first_frame_ms"] is None


async def test_a_session_that_shows_no_desktop_has_no_first_frame(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord
) -> None:
    await lab.sign_ins.cancel(lab.ann, session.session_id)
    answer = await ann.post(f"{_path(session)}/first-frame", json={"milliseconds": 850})
    assert (answer.status_code, answer.json()["code"]) == (409, "action_not_allowed")
