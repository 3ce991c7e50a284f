"""Connections whose thread is shared with nobody, and ends once."""

from __future__ import annotations

import asyncio

import pytest

from vestibule.drivers.db.trips import connect

pytestmark = pytest.mark.anyio


async def test_a_connection_that_was_stopped_gives_nothing_to_wait_for() -> None:
    connection = await connect(":memory:")
    stopped = connection.stop()
    assert stopped is not None
    assert connection.stop() is None, "its thread has ended, and would never answer"
    await stopped


async def test_a_connection_is_closed_more_than_once() -> None:
    connection = await connect(":memory:")
    await connection.close()
    await asyncio.wait_for(connection.close(), 5)
