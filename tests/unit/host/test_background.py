"""What goes on beside the requests says what its own end means, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from structlog.testing import capture_logs
from waiting import until

from vestibule.api.context import Context
from vestibule.machinery import Machinery
from vestibule.main import _background
from vestibule.services.probation import Probation

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
    """Stands for machinery, context or probation, as far as they are run."""

    def __init__(self, work: Work) -> None:
        self.preload = self.run = work
        self.freshness = self


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (0, "Memory could not be loaded ahead; the first start of a machine loads it"),
        (1, "Goldens are no longer kept fresh; restart the controller"),
        (2, "The promoted golden is no longer judged; restart the controller"),
    ],
)
async def test_each_end_is_told_for_what_it_means(broken: int, said: str) -> None:
    parts: list[Any] = [_Part(_breaks if number == broken else _goes_on) for number in range(3)]
    with capture_logs() as log:
        machinery, context = cast("Machinery", parts[0]), cast("Context", parts[1])
        async with _background(machinery, context, cast("Probation", parts[2])):
            await until(lambda: log)
    assert [line["event"] for line in log] == [said]
