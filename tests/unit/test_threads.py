"""Blocking work in a thread has ended when its caller has, and what was entered is left."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest

from vestibule.services.threads import in_thread, to_the_end

pytestmark = pytest.mark.anyio


class Blocking(contextlib.AbstractContextManager[str]):
    """Enters once it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.entering = threading.Event()
        self.entered = self.left = False

    def __enter__(self) -> str:
        self.entering.set()
        assert self.let.wait(10)
        self.entered = True
        return "inside"

    def __exit__(self, *_: object) -> None:
        self.left = True


async def enter(blocking: Blocking) -> None:
    async with in_thread(blocking):
        pytest.fail("a cancelled entry must not go on")


async def test_what_the_work_returns_or_raises_is_the_caller_s() -> None:
    assert await to_the_end(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await to_the_end(lambda: 1 / 0)


async def test_a_cancelled_caller_waits_for_the_end_of_the_work() -> None:
    blocking = Blocking()
    task = asyncio.create_task(to_the_end(blocking.__enter__))
    await asyncio.to_thread(blocking.entering.wait)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=0.05)
    assert not done
    blocking.let.set()
    await asyncio.wait({task})
    assert (task.cancelled(), blocking.entered) == (True, True)


@pytest.mark.parametrize("cancel", [True, False])
async def test_what_the_work_of_a_cancelled_caller_returned_is_undone(*, cancel: bool) -> None:
    blocking, undone = Blocking(), list[str]()
    task = asyncio.create_task(to_the_end(blocking.__enter__, undo=undone.append))
    await asyncio.to_thread(blocking.entering.wait)
    if cancel:
        task.cancel()
    blocking.let.set()
    await asyncio.wait({task})
    assert undone == (["inside"] if cancel else [])


async def test_what_is_entered_is_given_and_left() -> None:
    blocking = Blocking()
    blocking.let.set()
    async with in_thread(blocking) as given:
        assert (given, blocking.left) == ("inside", False)
    assert blocking.left


async def test_an_entry_that_is_cancelled_while_it_blocks_is_left_again() -> None:
    blocking = Blocking()
    task = asyncio.create_task(enter(blocking))
    await asyncio.to_thread(blocking.entering.wait)
    task.cancel()
    blocking.let.set()
    await asyncio.wait({task})
    assert (task.cancelled(), blocking.left) == (True, True)


async def test_a_failure_inside_reaches_the_context_which_may_name_it() -> None:
    @contextlib.contextmanager
    def naming() -> Iterator[None]:
        try:
            yield
        except ZeroDivisionError as error:
            raise LookupError("named") from error

    with pytest.raises(LookupError, match="named"):
        async with in_thread(naming()):
            raise ZeroDivisionError


async def test_a_context_that_cannot_be_entered_is_not_left() -> None:
    class Broken(Blocking):
        def __enter__(self) -> str:
            raise OSError("the disk is full")

    broken = Broken()
    with pytest.raises(OSError, match="the disk is full"):
        await enter(broken)
    assert not broken.left
