"""What goes on beside the requests says what its own end means, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs
from waiting import until

from vestibule.main import _background

pytestmark = pytest.mark.anyio

Work = Callable[[], Awaitable[None]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _goes_on() -> None:
    await asyncio.Event().wait()


async def _breaks() -> None:
    raise ZeroDivisionError


class _Part:
    """Stands for what is run beside the requests."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def run(self, *_given: object) -> Awaitable[None]:
        return self._work()


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (0, "Memory could not be loaded ahead; the first start of a machine loads it"),
        (1, "Goldens are no longer kept fresh; restart the controller"),
        (2, "The promoted golden is no longer scrubbed; restart the controller"),
        (3, "The promoted golden is no longer judged; restart the controller"),
        (4, "Credentials are no longer warned of; restart the controller"),
        (5, "Idle machines are no longer paused; restart the controller"),
        (6, "What is there is no longer compared with what should be; restart the controller"),
        (7, "Old evidence and rows are no longer removed; restart the controller"),
        (8, "Goldens' moves are no longer written into the audit; restart the controller"),
        (9, "The host's history is no longer kept; restart the controller"),
        (10, "Machines are no longer kept warm; restart the controller"),
        (11, "View links are no longer ended in time; restart the controller"),
    ],
)
async def test_each_end_is_told_for_what_it_means(broken: int, said: str) -> None:
    works = [_breaks if number == broken else _goes_on for number in range(12)]
    machinery = SimpleNamespace(preload=works[0])
    context = SimpleNamespace(
        freshness=_Part(works[1]),
        scrubbing=_Part(works[2]),
        forecasts=_Part(works[4]),
        accounts=SimpleNamespace(operator_id=None),
        view_links=_Part(works[11]),
        machines=SimpleNamespace(pausing=_Part(works[5]), warm_pool=_Part(works[10])),
        monitor=SimpleNamespace(history=_Part(works[9])),
    )
    numbered = {"probation": 3, "reconciler": 6, "janitor": 7, "golden_audit": 8}
    others = {name: cast("Any", _Part(works[number])) for name, number in numbered.items()}
    with capture_logs() as log:
        async with _background(cast("Any", machinery), cast("Any", context), **others):
            await until(lambda: log)
    assert [line["event"] for line in log] == [said]
