"""The guest client against agents that misbehave, on socket pairs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from vestibule.core.errors import BadInput, Conflict, MachineFailed
from vestibule.drivers import guest
from vestibule.drivers.guest import HttpGuest

pytestmark = pytest.mark.anyio

BANNER = b"RFB 003.008\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: rfb\r\n\r\n"
Connect = Callable[[int], Awaitable[socket.socket]]


def answering(*pieces: bytes) -> tuple[Connect, list[socket.socket]]:
    """An agent that has already said these pieces before it is asked, and then hangs up."""
    kept: list[socket.socket] = []

    async def connect(_port: int) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        for piece in pieces:
            theirs.sendall(piece)
        theirs.shutdown(socket.SHUT_WR)
        kept.append(theirs)
        return ours

    return connect, kept


async def read_all(sock: socket.socket) -> bytes:
    received = b""
    while chunk := await asyncio.get_running_loop().sock_recv(sock, 4096):
        received += chunk
    return received


@pytest.mark.parametrize("cut", [0, 1, 10, len(SWITCHING) - 3, len(SWITCHING) - 1, len(SWITCHING)])
async def test_no_byte_of_the_desktop_is_lost_or_made_up(cut: int) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    async def connect(_port: int) -> socket.socket:
        return ours

    theirs.sendall(SWITCHING[:cut])
    opening = asyncio.create_task(HttpGuest(connect, "t").open_vnc())
    await asyncio.sleep(0)
    theirs.sendall(SWITCHING[cut:] + BANNER)
    theirs.shutdown(socket.SHUT_WR)
    with await opening as desktop, theirs:
        assert await read_all(desktop) == BANNER


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 101",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 101 X\r\nA: " + b"y" * 100_000,
    ],
)
async def test_a_desktop_that_does_not_open_is_a_named_failure(said: bytes) -> None:
    connect, kept = answering(said)
    with pytest.raises(MachineFailed) as caught:
        await HttpGuest(connect, "t").open_vnc()
    assert caught.value.failure_code == "agent_unreachable"
    kept[0].close()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"", "agent_unreachable"),
        (b"nonsense\r\n\r\n", "agent_unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "agent_unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "agent_mismatch"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "agent_refused"),
        (b'HTTP/1.0 401 No\r\n\r\n{"code": "not_signed_in", "cause": "a token"}', "not_signed_in"),
        (b'HTTP/1.0 500 No\r\n\r\n{"code": "of its own making", "cause": "it"}', "agent_refused"),
        (b'HTTP/1.0 500 No\r\n\r\n{"code": ["machine_exited"], "cause": "it"}', "agent_refused"),
    ],
)
async def test_an_agent_that_misbehaves_is_a_named_failure(said: bytes, code: str) -> None:
    connect, kept = answering(said)
    with pytest.raises(MachineFailed) as caught:
        await HttpGuest(connect, "t").health()
    assert caught.value.failure_code == code
    kept[0].close()


async def test_an_agent_nobody_can_connect_to_is_unreachable() -> None:
    async def refuse(_port: int) -> socket.socket:
        raise ConnectionRefusedError(111, "Connection refused")

    with pytest.raises(MachineFailed, match="Connection refused"):
        await HttpGuest(refuse, "t").screen()


async def test_a_second_login_is_a_conflict() -> None:
    connect, kept = answering(b"HTTP/1.1 409 Busy\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(Conflict):
        await HttpGuest(connect, "t").open_url("https://example.com/")
    kept[0].close()


async def test_events_that_break_off_end_in_a_failure() -> None:
    line = b'{"seq":1,"at":"now","type":"page","data":{"title":"x"}}\n'
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    halves = [b"%x\r\n%s\r\n" % (len(half), half) for half in (line[:20], line[20:])]
    connect, kept = answering(head, *halves)
    events = HttpGuest(connect, "t").events()
    assert (await anext(events)).seq == 1
    with pytest.raises(MachineFailed) as caught:
        await anext(events)
    assert caught.value.failure_code == "agent_unreachable"
    kept[0].close()


def hanging(*pieces: bytes) -> tuple[Connect, list[socket.socket]]:
    """An agent that says these pieces, and then nothing."""
    kept: list[socket.socket] = []

    async def connect(_port: int) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        for piece in pieces:
            theirs.sendall(piece)
        kept.append(theirs)
        return ours

    return connect, kept


async def _file_of(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 65_536):
        yield b"x" * 65_536


async def _content(connect: Connect) -> bytes:
    async with asyncio.timeout(20), HttpGuest(connect, "t", 0.05).file("YQ") as found:
        return b"".join([chunk async for chunk in found.chunks])


async def test_a_file_whose_next_part_never_comes_is_a_named_failure() -> None:
    connect, kept = hanging(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")
    with pytest.raises(MachineFailed, match=r"within 0\.05 s") as caught:
        await _content(connect)
    assert caught.value.failure_code == "agent_unreachable"
    kept[0].close()


async def test_a_refusal_whose_body_never_comes_is_a_named_failure() -> None:
    connect, kept = hanging(b"HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\n")
    with pytest.raises(MachineFailed) as caught:
        await _content(connect)
    assert caught.value.failure_code == "agent_unreachable"
    kept[0].close()


@pytest.mark.parametrize("size", [0, 1 << 26], ids=["no answer in the end", "no part is taken"])
async def test_an_agent_that_takes_no_file_is_a_named_failure(size: int) -> None:
    connect, kept = hanging()
    with pytest.raises(MachineFailed) as caught:
        async with asyncio.timeout(20):
            await HttpGuest(connect, "t", 0.05).take_in("a", size, _file_of(size), quota=size)
    assert caught.value.failure_code == "agent_unreachable"
    kept[0].close()


async def test_an_answer_that_stops_in_its_middle_is_a_named_failure() -> None:
    connect, kept = hanging(b"HTTP/1.1 201 Yes\r\nContent-Length: 99\r\n\r\n{")
    with pytest.raises(MachineFailed) as caught:
        async with asyncio.timeout(20):
            await HttpGuest(connect, "t", 0.05).take_in("a", 0, _file_of(0), quota=9)
    assert caught.value.failure_code == "agent_unreachable"
    kept[0].close()


async def test_a_sender_that_stalls_has_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield b"part"
        await asyncio.Event().wait()

    monkeypatch.setattr(guest, "SENDER_TIMEOUT_S", 0.05)
    connect, kept = hanging()
    with pytest.raises(BadInput) as caught:
        async with asyncio.timeout(20):
            await HttpGuest(connect, "t").take_in("a", 9, stalling(), quota=9)
    assert caught.value.failure_code == "upload_broken_off"
    kept[0].close()


async def test_what_broke_is_told_in_words_for_people() -> None:
    connect, kept = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort")
    with pytest.raises(MachineFailed, match="ended the connection in the middle of its answer"):
        await HttpGuest(connect, "t").health()
    kept[0].close()

    async def refused(_port: int) -> socket.socket:
        raise ConnectionRefusedError(111, "Connection refused")

    with pytest.raises(MachineFailed, match=r"port 8080 failed: Connection refused$"):
        await HttpGuest(refused, "t").health()
