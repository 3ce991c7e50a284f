"""What counts as pasted into the terminal, and how it is told: beside the keys, whatever becomes of it."""

from __future__ import annotations

import asyncio

import pytest

from vestibule.api.signs import MOST_AT_ONCE, signs_of
from vestibule.api.terminal import PASTE_BEGINS, PASTE_ENDS, pasted
from vestibule.core.errors import DiskFull


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (PASTE_BEGINS + b"123456" + PASTE_ENDS, "123456"),
        (PASTE_BEGINS + b"4/0AbC-fake" + PASTE_ENDS, "4/0AbC-fake"),
        (PASTE_BEGINS + b"the first part of it", "the first part of it"),
        (b"the last" + PASTE_ENDS, "the last"),
        (PASTE_BEGINS + b"1234" + PASTE_ENDS, "1234"),
        (PASTE_BEGINS + b"y" + PASTE_ENDS, None),
        (b"12345678", "12345678"),
        (b"123456", None),
        (b"\x1b[A", None),
    ],
)
def test_what_was_pasted_is_told_without_its_brackets(data: bytes, text: str | None) -> None:
    assert pasted(data) == text


async def _used() -> None:
    return


@pytest.mark.anyio
@pytest.mark.parametrize("wrong", [DiskFull("The disk is full.", remedy="Make room."), KeyError("x")])
async def test_what_cannot_be_told_ends_nothing(wrong: Exception) -> None:
    async def fails() -> None:
        raise wrong

    async with signs_of(fails) as signs:
        signs.of_life()
        await signs.tell(fails())
        await asyncio.wait(signs._tasks)


@pytest.mark.anyio
async def test_telling_holds_nobody_up_until_there_is_very_much_of_it() -> None:
    may = asyncio.Event()

    async def slow() -> None:
        await may.wait()

    async with signs_of(_used) as signs:
        for _ in range(MOST_AT_ONCE):
            await signs.tell(slow())
        one_more = asyncio.create_task(signs.tell(slow()))
        await asyncio.wait({one_more}, timeout=0)
        assert not one_more.done()
        may.set()
        await one_more


@pytest.mark.anyio
async def test_a_sign_of_life_is_told_once_in_a_while_and_to_the_end() -> None:
    told: list[int] = []

    async def used() -> None:
        await asyncio.sleep(0)
        told.append(1)

    async with signs_of(used) as signs:
        signs.of_life()
        signs.of_life()
    assert told == [1]
