"""A disk that fails for a moment costs nobody a sign-in; one that fails for good is the sign-in's end."""

from __future__ import annotations

import asyncio

import pytest
from lab import Lab

from vestibule.core.errors import Conflict, DiskFull, HostUnfit, Unavailable
from vestibule.core.sessions import SessionStatus as S
from vestibule.services.patience import patiently

pytestmark = pytest.mark.anyio
FULL = DiskFull("The disk is full.", remedy="Free some.")
BROKEN = HostUnfit("The disk does not write.", remedy="Look at it.", code="database_unusable")


@pytest.mark.parametrize("trouble", [FULL, BROKEN])
async def test_a_step_that_cannot_be_stored_is_tried_until_it_can(lab: Lab, trouble: Unavailable) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    lab.sessions.failing = trouble
    await lab.machine().agent.sign_in()
    await asyncio.sleep(0.1)
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH
    lab.sessions.failing = None
    done = await lab.reach(record.session_id, S.COMPLETED)
    assert done.credential_id is not None


async def test_a_store_that_fails_for_good_is_told_with_its_own_reason() -> None:
    async def store() -> None:
        raise FULL

    with pytest.raises(DiskFull):
        await patiently(store)


async def test_what_is_no_shortage_of_the_host_s_is_told_at_once() -> None:
    tries = []

    async def store() -> None:
        tries.append(1)
        raise Conflict("The state has changed.", remedy="Read it.")

    with pytest.raises(Conflict):
        await patiently(store)
    assert tries == [1]
