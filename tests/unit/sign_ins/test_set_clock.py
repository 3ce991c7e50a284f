"""The host's clock is set while somebody signs in: nobody is cut off, and nobody stays for ever."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from lab import Lab

from vestibule.core.sessions import FINAL
from vestibule.core.sessions import SessionStatus as S
from vestibule.services.deadline import Deadline

pytestmark = pytest.mark.anyio
HOUR_S = 3600.0
BOTH_WAYS = pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])


@BOTH_WAYS
async def test_a_clock_that_is_set_ends_no_sign_in(lab: Lab, step_s: float) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    lab.clock.step(step_s)
    await lab.sign_ins.heartbeat(lab.ann, record.session_id)
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH
    await lab.machine().agent.sign_in()
    assert (await lab.reach(record.session_id, S.COMPLETED)).error_code is None


@BOTH_WAYS
async def test_a_clock_that_is_set_moves_no_deadline(lab: Lab, step_s: float) -> None:
    deadline_s = lab.sign_ins.providers["demo"].deadline_s
    deadline = Deadline(lab.clock.monotonic, deadline_s)
    passed = asyncio.create_task(deadline.passed())
    lab.clock.step(step_s)
    deadline.move(deadline_s)
    lab.clock.move(deadline_s - 1)
    await asyncio.sleep(0)
    assert not passed.done()
    deadline.move(1)
    lab.clock.move(1)
    await asyncio.wait_for(passed, 5)


@BOTH_WAYS
async def test_nobody_seen_until_the_deadline_is_a_timeout_whatever_the_clock_says(
    lab: Lab, step_s: float
) -> None:
    record = await lab.connect()
    lab.clock.step(step_s)
    lab.clock.move(lab.sign_ins.providers["demo"].deadline_s)
    ended = await lab.ended(record.session_id)
    assert (ended.status, ended.error_code) == (S.TIMEOUT, "login_timeout")


async def test_a_sign_in_that_goes_on_after_the_clock_was_set_back_has_no_longer_than_ever(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.sign_ins.leave()
    lab.clock.step(-HOUR_S)
    lab.machines._live.clear()
    for listener in lab.egress.open_for.values():
        listener.close()
    lab.egress.open_for.clear()
    await lab.sign_ins.recover()
    now = await lab.sessions.get(record.session_id)
    assert now.status not in FINAL
    assert now.deadline_at is not None
    longest = dt.timedelta(seconds=lab.sign_ins.providers["demo"].deadline_s)
    assert now.deadline_at <= lab.clock.now() + longest
