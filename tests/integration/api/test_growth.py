"""The bench of growth asks what the API has: each of its requests is answered, of rows that it filled in."""

from __future__ import annotations

import asyncio

import pytest
from lab import Lab

from vestibule.benches.growth import READS, START, Side, compare
from vestibule.drivers.db.many_rows import fill

pytestmark = pytest.mark.anyio

ROWS = 30


async def test_every_request_is_answered_and_no_start_stays_open(lab: Lab, served: str) -> None:
    await fill(lab.database, ROWS)
    token = await lab.context.accounts.issue_token(lab.ann, "bench")
    side = Side(url=f"http://{served}", token=token.secret, rows=ROWS // 2)
    found = await asyncio.to_thread(compare, {"young": side, "old": side}, 1)
    assert [each.request for each in found] == [*(f"GET {read}" for read in READS), START]
    assert all(each.young.p50 > 0 and each.old.p99 >= each.old.p50 for each in found)
    assert await lab.sessions.unfinished() == []
