"""A crowd that comes to a full line: each is refused for what is true now, and one look is for all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from vestibule.core.admission import Room, Rules
from vestibule.core.errors import Unavailable
from vestibule.core.ids import SessionId, UserId
from vestibule.core.machines import MachineRecord
from vestibule.services.admission import GATHER_S, Admission, Patience

pytestmark = pytest.mark.anyio

ROOM = Room(available_mib=None, memory_pressure=None, cpu_pressure=None)
FULL = Rules(
    max_machines=0,
    max_machines_per_user=1,
    max_starts=1,
    need_mib=1,
    reserve_mib=0,
    max_memory_pressure=100,
    max_cpu_pressure=100,
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Line:
    """A full line, and how often the rows were read."""

    def __init__(self) -> None:
        self.looks = 0
        self.now_s = 0.0
        self.admission = Admission(
            rules=FULL,
            patience=Patience(max_waiting=1, timeout_s=60),
            live=self._live,
            room=lambda: ROOM,
            seconds=lambda: self.now_s,
        )

    async def _live(self) -> Sequence[MachineRecord]:
        self.looks += 1
        return []

    async def refused(self, number: int) -> Unavailable:
        with pytest.raises(Unavailable) as error:
            await self.admission.join(SessionId(f"s-{number}"), UserId(f"u-{number}"))
        return error.value


async def test_one_look_is_for_all_who_are_refused_at_once() -> None:
    line = Line()
    await line.admission.join(SessionId("s-0"), UserId("u-0"))
    refusals = await asyncio.gather(*(line.refused(number) for number in range(1, 9)))
    assert line.looks == 1
    assert {error.failure_code for error in refusals} == {"host_saturated"}
    assert all("0 machines run, the most that max_machines allows" in error.cause for error in refusals)
    line.admission.leave(SessionId("s-0"))


async def test_what_came_or_went_is_looked_at_before_anybody_is_refused() -> None:
    line = Line()
    await line.admission.join(SessionId("s-0"), UserId("u-0"))
    await line.refused(1)
    looks = line.looks
    line.admission.wake()
    await line.refused(2)
    assert line.looks == looks + 1
    line.admission.leave(SessionId("s-0"))


async def test_what_nobody_tells_of_is_looked_at_when_the_last_look_is_old() -> None:
    line = Line()
    await line.admission.join(SessionId("s-0"), UserId("u-0"))
    await line.refused(1)
    looks = line.looks
    line.now_s += GATHER_S
    await line.refused(2)
    assert line.looks == looks + 1
    line.admission.leave(SessionId("s-0"))
