"""The canary's viewer against the fake desktop, and against servers that are none."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest
from waiting import until

from vestibule.core.errors import MachineFailed
from vestibule.drivers import rfb
from vestibule.drivers.machines import fake_desktop
from vestibule.drivers.machines.fake_desktop import ENTER, FakeDesktop, Stream
from vestibule.drivers.rfb import RfbDesktop, rfb_desktop

pytestmark = pytest.mark.anyio

Serve = Callable[[Stream], Coroutine[None, None, None]]
VERSION = b"RFB 003.008\n"
FORMAT = bytes(16)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@contextlib.asynccontextmanager
async def served(serve: Serve) -> AsyncIterator[socket.socket]:
    """The viewer's end of a socket whose other end is served so."""
    ours, theirs = socket.socketpair()
    stream = await asyncio.open_connection(sock=theirs)
    task = asyncio.create_task(serve(stream))
    try:
        yield ours
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        stream[1].close()
        ours.close()


@contextlib.asynccontextmanager
async def viewing(desktop: FakeDesktop, signed_in: list[str] | None = None) -> AsyncIterator[RfbDesktop]:
    async def sign_in() -> None:
        (signed_in if signed_in is not None else []).append("signed in")

    async def serve(stream: Stream) -> None:
        await desktop.serve(stream, on_sign_in=sign_in)

    async with served(serve) as sock, rfb_desktop(sock) as viewer:
        yield viewer


# -- a desktop -------------------------------------------------------------------------------------------


async def test_the_whole_desktop_is_seen_in_its_colours() -> None:
    async with viewing(FakeDesktop()) as viewer:
        picture = await viewer.picture()
    assert (picture.width, picture.height) == (fake_desktop.WIDTH, fake_desktop.HEIGHT)
    assert picture.emptiness() is None
    assert picture.pixels[:4] == bytes([40, 255, 0, 0]), "the first band is 0 red, 255 green, 40 blue"
    assert picture.pixels[-4:] == bytes([40, 15, 240, 0])


async def test_an_empty_desktop_is_seen_as_empty_until_something_is_painted() -> None:
    desktop = FakeDesktop(painted=False)
    async with viewing(desktop) as viewer:
        assert (await viewer.picture()).emptiness() == "it shows 1 colours"
        waiting = asyncio.create_task(viewer.changed())
        await until(lambda: any(seen._waits for seen in desktop._viewers))
        assert not waiting.done()
        desktop.paint()
        assert (await waiting).emptiness() is None


async def test_a_key_is_pressed_and_let_go() -> None:
    desktop, signed_in = FakeDesktop(), list[str]()
    async with viewing(desktop, signed_in) as viewer:
        await viewer.press(0x61)
        await viewer.press(ENTER)
        await viewer.picture()  # an answer: the keys before it have arrived
    assert desktop.pressed == [0x61, ENTER]
    assert signed_in == ["signed in"]


async def test_a_viewer_that_leaves_is_forgotten() -> None:
    desktop = FakeDesktop()
    async with viewing(desktop) as viewer:
        await viewer.picture()
        assert len(desktop._viewers) == 1
    await until(lambda: not desktop._viewers)


# -- servers that are no desktop -------------------------------------------------------------------------


def greeting(width: int = 2, height: int = 2, name: bytes = b"x", length: int | None = None) -> bytes:
    size = len(name) if length is None else length
    return (
        VERSION
        + b"\x01\x01"
        + bytes(4)
        + struct.pack(">HH", width, height)
        + FORMAT
        + struct.pack(">I", size)
        + name
    )


def update(*rectangles: bytes) -> bytes:
    return struct.pack(">BxH", 0, len(rectangles)) + b"".join(rectangles)


def rectangle(x: int, y: int, width: int, height: int, encoding: int = 0) -> bytes:
    return struct.pack(">HHHHi", x, y, width, height, encoding) + b"\x07" * width * height * 4


def saying(sent: bytes, *, hang_up: bool = True) -> Serve:
    """A server that says this whatever it hears."""

    async def serve(stream: Stream) -> None:
        stream[1].write(sent)
        await stream[1].drain()
        if hang_up:
            stream[1].write_eof()
        await stream[0].read()

    return serve


async def refused(serve: Serve) -> str:
    """The cause, when a picture is asked for."""
    with pytest.raises(MachineFailed) as failure:
        async with served(serve) as sock, rfb_desktop(sock) as viewer:
            await viewer.picture()
    assert failure.value.failure_code == "vnc_absent"
    return failure.value.cause


@pytest.mark.parametrize(
    ("sent", "cause"),
    [
        (b"HTTP/1.1 400", "another version of RFB"),
        (b"RFB 003.003\n", "another version of RFB"),
        (VERSION + b"\x01\x02", "asks for a password"),
        (VERSION + b"\x02\x02\x13", "asks for a password"),
        (VERSION + b"\x00" + struct.pack(">I", 3) + b"no!", "refused the connection"),
        (VERSION + b"\x01\x01" + struct.pack(">I", 1), "refused the connection"),
        (greeting(width=8193), "claims 8193 x 2 pixels"),
        (greeting(height=65535), "claims 2 x 65535 pixels"),
        (greeting(name=b"", length=0xFFFF_FFFF), "a text of 4294967295 bytes"),
        (greeting() + b"\x03" + struct.pack(">3xI", 0xFFFF_FFFF), "a text of 4294967295 bytes"),
        (greeting() + b"\x01", "a message of kind 1"),
        (greeting() + update(rectangle(1, 0, 2, 2)), "a rectangle that was not asked for"),
        (greeting() + update(rectangle(0, 65535, 2, 2)), "a rectangle that was not asked for"),
        (greeting() + update(rectangle(0, 0, 2, 2, encoding=7)), "a rectangle that was not asked for"),
        (greeting() + update(rectangle(0, 0, 2, 2, encoding=-223)), "a rectangle that was not asked for"),
    ],
    ids=[
        "no RFB",
        "an older version",
        "a password",
        "a password or TLS",
        "no way in",
        "a refusal",
        "too wide",
        "too high",
        "a name of 4 GiB",
        "a clipboard of 4 GiB",
        "an unknown message",
        "a rectangle outside",
        "a rectangle far outside",
        "an unknown encoding",
        "a new size",
    ],
)
async def test_what_is_no_desktop_is_named(sent: bytes, cause: str) -> None:
    assert cause in await refused(saying(sent))


@pytest.mark.parametrize(
    "whole", [greeting() + update(rectangle(0, 0, 2, 2))[:-1], greeting()[:-1], VERSION[:5], b""]
)
async def test_a_desktop_that_hangs_up_half_way_is_named(whole: bytes) -> None:
    assert "does not answer as RFB does" in await refused(saying(whole))


@pytest.mark.parametrize("sent", [b"", greeting(), greeting() + update()])
async def test_a_desktop_that_goes_silent_is_given_up(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rfb, "_ANSWER_S", 0.05)
    assert "TimeoutError" in await refused(saying(sent, hang_up=False))


async def test_bells_and_clipboards_before_a_picture_are_skipped() -> None:
    clipboard = b"\x03" + struct.pack(">3xI", 3) + b"abc"
    picture = update(rectangle(0, 0, 2, 1)) + b"\x02" + update(rectangle(0, 1, 1, 1), rectangle(1, 1, 1, 1))
    sent = greeting() + b"\x02" + clipboard + picture
    async with served(saying(sent, hang_up=False)) as sock, rfb_desktop(sock) as viewer:
        assert (await viewer.picture()).pixels == b"\x07" * 16


async def pressed(viewer: RfbDesktop) -> None:
    for _ in range(10):  # the first may go into a buffer
        await viewer.press(ENTER)
        await asyncio.sleep(0)


async def test_a_key_that_nobody_takes_is_named() -> None:
    async with served(saying(greeting())) as sock, rfb_desktop(sock) as viewer:
        sock.shutdown(socket.SHUT_RDWR)
        with pytest.raises(MachineFailed) as failure:
            await pressed(viewer)
    assert failure.value.failure_code == "vnc_absent"
