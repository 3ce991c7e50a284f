from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from waiting import until

from vestibule_agent import clipboard as clipboards
from vestibule_agent.clipboard import Clipboard, ClipboardError
from vestibule_agent.protocol import MAX_CLIPBOARD_BYTES
from vestibule_agent.selections import PIECE_BYTES

pytestmark = pytest.mark.anyio

SCRIPTS = "one\ntwo\t👩🏽‍🚀 مرحبا بالعالم 漢字 e\u0301 \u202eabc"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def x_server(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """The socket of a real X server of its own, and the server."""
    ready, told = os.pipe()
    argv = ["Xvnc", "-displayfd", str(told), "-rfbport", "-1", "-rfbunixpath", str(tmp_path / "vnc")]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [*argv, "-SecurityTypes", "None", "-nolisten", "tcp"], pass_fds=[told], stdout=log, stderr=log
        )
    os.close(told)
    try:
        with os.fdopen(ready) as display:
            yield Path(f"/tmp/.X11-unix/X{display.readline().strip()}"), server  # noqa: S108 - X11's own place
    finally:
        server.kill()
        server.wait()


@contextlib.asynccontextmanager
async def _running(socket: Path) -> AsyncIterator[Clipboard]:
    clipboard = Clipboard()
    task = asyncio.create_task(clipboard.run(socket))
    try:
        await _there(clipboard)
        yield clipboard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _there(clipboard: Clipboard) -> None:
    await until(lambda: clipboard._owner is not None)


async def _next(clipboard: Clipboard, after: int = 0) -> str | None:
    async with asyncio.timeout(20):
        async for copied in clipboard.follow(after):
            return copied.text
    raise AssertionError


@pytest.mark.parametrize(
    "text",
    [
        "",
        SCRIPTS,
        "x" * PIECE_BYTES,
        "x" * (PIECE_BYTES + 1),
        "é" * (PIECE_BYTES + 1),
        "é" * (MAX_CLIPBOARD_BYTES // 2),
    ],
    ids=["empty", "scripts", "one piece", "two pieces", "cut within characters", "longest"],
)
async def test_a_text_goes_from_one_program_to_another_whole(
    x_server: tuple[Path, subprocess.Popen[bytes]], text: str
) -> None:
    async with _running(x_server[0]) as one, _running(x_server[0]) as other:
        await one.put(text)
        assert await _next(other) == text
        assert one._copied.number == 0, "its own text is no copy"


async def test_a_text_that_is_too_long_is_told_as_such_and_the_next_one_comes(
    x_server: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    async with _running(x_server[0]) as one, _running(x_server[0]) as other:
        await one.put("x" * (MAX_CLIPBOARD_BYTES + 1))
        assert await _next(other) is None
        await one.put("short")
        assert await _next(other, after=1) == "short"


async def test_of_many_copies_the_last_one_comes(x_server: tuple[Path, subprocess.Popen[bytes]]) -> None:
    async with _running(x_server[0]) as one, _running(x_server[0]) as other:
        for number in range(30):
            await one.put(f"text {number}")
        async with asyncio.timeout(20):
            async for copied in other.follow(0):
                if copied.text == "text 29":
                    break


async def test_who_asks_for_what_is_to_come_is_not_told_of_what_was(
    x_server: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    async with _running(x_server[0]) as one, _running(x_server[0]) as other:
        await one.put("before")
        assert await _next(other) == "before"
        coming = asyncio.ensure_future(anext(other.follow(None)))
        await asyncio.sleep(0)
        await one.put("after")
        async with asyncio.timeout(20):
            assert (await coming).text == "after"


async def test_without_an_x_server_it_says_so(
    x_server: tuple[Path, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    clipboard = Clipboard()
    running = asyncio.create_task(clipboard.run(x_server[0]))
    await _there(clipboard)
    async with asyncio.timeout(20):
        x_server[1].kill()
        with pytest.raises(ExceptionGroup):
            await running
    monkeypatch.setattr(clipboards, "COME_S", 0.1)
    with pytest.raises(ClipboardError):
        await clipboard.put("x")


async def test_a_text_waits_for_an_x_server_that_is_still_coming(
    x_server: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    clipboard = Clipboard()
    putting = asyncio.create_task(clipboard.put("early"))
    await asyncio.sleep(0)  # it has asked
    running = asyncio.create_task(clipboard.run(x_server[0]))
    await asyncio.wait_for(putting, 20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_x_server_that_ends_meanwhile_is_told(
    x_server: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    async with _running(x_server[0]) as clipboard, asyncio.timeout(20):
        x_server[1].send_signal(signal.SIGSTOP)
        putting = asyncio.create_task(clipboard.put("x"))
        await asyncio.sleep(0)  # it has asked, and is not answered
        x_server[1].kill()
        with pytest.raises(ClipboardError, match="the X server has ended"):
            await putting


async def test_what_was_copied_before_it_looked_is_told_too(
    x_server: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    async with _running(x_server[0]) as one, asyncio.timeout(20):
        await one.put("early")
        async with _running(x_server[0]) as other:
            assert await _next(other) == "early"
