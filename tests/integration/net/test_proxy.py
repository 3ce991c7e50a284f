"""The egress proxy on loopback: real sockets, a pretended internet."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from vestibule.core.egress import Reason, Verdict
from vestibule.core.ids import VmId
from vestibule.drivers.net.proxy import EgressProxy, ProxyLimits
from vestibule.drivers.net.relay import Stream

pytestmark = pytest.mark.anyio

VM = VmId("vm-0000000000000001")
PUBLIC, SILENT = "93.184.216.34", "93.184.216.35"
NAMES = {
    "example.com": [PUBLIC],
    "two.example.com": [SILENT, PUBLIC],
    "down.example.com": [SILENT],
    "rebound.example.com": [PUBLIC, "127.0.0.1"],
    "metadata.example.com": ["169.254.169.254"],
}
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class World:
    """An internet of one site, whose behaviour a test sets; and a proxy that leads there."""

    def __init__(self, folder: Path) -> None:
        self.dialled: list[tuple[str, int]] = []
        self.verdicts: list[tuple[VmId, Verdict]] = []
        self.handler: Handler = hello
        self.socket_path = folder / "login.sock"
        self.site_port = 0
        self.proxy_port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.handler(reader, writer)
        finally:
            writer.close()

    async def resolve(self, host: str) -> Sequence[str]:
        if host not in NAMES:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return NAMES[host]

    async def dial(self, address: str, port: int) -> Stream:
        self.dialled.append((address, port))
        if address == SILENT:
            raise ConnectionRefusedError
        return await asyncio.open_connection("127.0.0.1", self.site_port)

    async def connect(self) -> Stream:
        return await asyncio.open_connection("127.0.0.1", self.proxy_port)

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """One request, the whole answer: status and body."""
        reader, writer = await self.connect()
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    @property
    def reasons(self) -> list[Reason]:
        return [verdict.reason for _vm_id, verdict in self.verdicts]


async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    await writer.drain()


@contextlib.asynccontextmanager
async def proxying(folder: Path, limits: ProxyLimits) -> AsyncIterator[World]:
    world = World(folder)
    site = await asyncio.start_server(world.serve, "127.0.0.1", 0)
    internal = await asyncio.start_unix_server(world.serve, world.socket_path)
    world.site_port = site.sockets[0].getsockname()[1]
    listener = socket.create_server(("127.0.0.1", 0))
    world.proxy_port = listener.getsockname()[1]
    proxy = EgressProxy(
        internal={"login.demo.test": world.socket_path},
        on_verdict=lambda vm_id, verdict: world.verdicts.append((vm_id, verdict)),
        limits=limits,
        resolve=world.resolve,
        dial=world.dial,
    )
    await proxy.open(VM, listener, ["example.com", "*.example.com"])
    async with site, internal:
        yield world
        await proxy.close(VM)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with proxying(tmp_path, ProxyLimits()) as made:
        yield made


def get(url: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {url} HTTP/1.1", "Host: whatever", *headers, "", ""]).encode()


async def test_an_allowed_page_is_fetched_from_the_judged_address(world: World) -> None:
    assert await world.ask(get("http://example.com/path?q=1")) == (200, b"hello")
    assert world.dialled == [(PUBLIC, 80)]
    assert world.verdicts == [
        (VM, Verdict(host="example.com", port=80, reason=Reason.ALLOWED, addresses=(PUBLIC,)))
    ]


async def test_the_site_sees_its_own_host_and_no_header_of_the_hop(world: World) -> None:
    seen: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    world.handler = note
    headers = ("Proxy-Authorization: secret", "Connection: x-mine", "X-Mine: 1", "X-Kept: 2")
    await world.ask(get("http://example.com:80/p?q=1", *headers))
    head = seen[0].lower()
    assert head.startswith(b"get /p?q=1 http/1.1\r\n")
    assert b"host: example.com:80\r\n" in head
    assert b"x-kept: 2" in head
    assert b"secret" not in head
    assert b"x-mine" not in head
    assert b"whatever" not in head


async def test_a_body_reaches_the_site_and_a_chunked_answer_comes_back(world: World) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(5)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" + body + b"\r\n0\r\n\r\n")

    world.handler = echo
    request = b"POST http://example.com/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nworld"
    assert await world.ask(request) == (200, b"5\r\nworld\r\n0\r\n\r\n")


async def test_a_waiting_client_is_told_to_continue(world: World) -> None:
    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(5)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)

    world.handler = read
    reader, writer = await world.connect()
    writer.write(
        b"POST http://example.com/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    )
    assert b"100" in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    writer.write(b"world")
    assert (await asyncio.wait_for(reader.read(), 5)).endswith(b"world")
    writer.close()


async def test_a_second_request_is_never_sent_behind_the_first(world: World) -> None:
    seen: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        seen.append(await reader.read())

    world.handler = note
    status, _body = await world.ask(get("http://example.com/") + get("http://evil.test/"))
    assert status == 200
    async with asyncio.timeout(5):
        while len(seen) < 2:  # noqa: ASYNC110 - the site is a callback: looked at until a deadline
            await asyncio.sleep(0.01)
    assert seen[1] == b""


async def test_a_tunnel_carries_bytes_both_ways_and_closes_by_halves(world: World) -> None:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        everything = await reader.read()
        writer.write(everything.upper())
        await writer.drain()

    world.handler = shout
    reader, writer = await world.connect()
    writer.write(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\nearly ")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.write(b"late")
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 5) == b"EARLY LATE"
    writer.close()
    assert world.dialled == [(PUBLIC, 443)]


async def test_a_large_transfer_arrives_whole_through_a_slow_reader(world: World) -> None:
    size = 16 << 20

    async def pour(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(size >> 20):
            writer.write(bytes(1 << 20))
            await writer.drain()

    world.handler = pour
    reader, writer = await world.connect()
    writer.write(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    received = 0
    while chunk := await asyncio.wait_for(reader.read(100_000), 10):
        received += len(chunk)
        await asyncio.sleep(0)
    assert received == size
    writer.close()


@pytest.mark.parametrize(
    ("url", "status", "code", "reason"),
    [
        ("http://evil.test/", 403, "egress_refused", Reason.NAME_REFUSED),
        ("http://127.0.0.1/", 403, "egress_refused", Reason.NAME_REFUSED),
        ("http://169.254.169.254/latest", 403, "egress_refused", Reason.NAME_REFUSED),
        ("http://example.com:4000/", 403, "egress_refused", Reason.PORT_REFUSED),
        ("http://rebound.example.com/", 403, "egress_refused", Reason.ADDRESS_REFUSED),
        ("http://metadata.example.com/", 403, "egress_refused", Reason.ADDRESS_REFUSED),
        ("http://unknown.example.com/", 502, "egress_unreachable", Reason.UNRESOLVED),
        ("http://down.example.com/", 502, "egress_unreachable", Reason.UNREACHABLE),
    ],
)
async def test_refusals_name_their_code(
    world: World, url: str, status: int, code: str, reason: Reason
) -> None:
    answered, body = await world.ask(get(url))
    assert answered == status
    assert json.loads(body)["code"] == code
    assert world.reasons == [reason]


async def test_nothing_private_is_ever_dialled(world: World) -> None:
    for name in ("rebound.example.com", "metadata.example.com"):
        await world.ask(get(f"http://{name}/"))
        await world.ask(f"CONNECT {name}:443 HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    assert world.dialled == []


async def test_a_tunnel_is_refused_like_a_page(world: World) -> None:
    status, body = await world.ask(b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n")
    assert status == 403
    assert b"egress_refused" in body


async def test_a_browser_gets_a_page_that_names_the_code(world: World) -> None:
    status, body = await world.ask(get("http://evil.test/%3Cb%3E", "Accept: text/html"))
    assert status == 403
    assert b"<!doctype html>" in body
    assert b"egress_refused" in body


async def test_the_next_address_is_tried_when_one_does_not_answer(world: World) -> None:
    assert (await world.ask(get("http://two.example.com/")))[0] == 200
    assert world.dialled == [(SILENT, 80), (PUBLIC, 80)]


async def test_an_internal_service_is_reached_without_resolution(world: World) -> None:
    assert await world.ask(get("http://login.demo.test/authorize")) == (200, b"hello")
    assert world.dialled == []
    assert world.reasons == [Reason.INTERNAL]


async def test_an_internal_service_that_is_down_is_named(world: World) -> None:
    world.socket_path.unlink()
    status, body = await world.ask(get("http://login.demo.test/"))
    assert (status, json.loads(body)["code"]) == (502, "egress_unreachable")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"GET https://example.com/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://user@example.com/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://example.com:99999/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT example.com HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT example.com:" + b"4" * 5_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01 not http\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000,
    ],
)
async def test_what_is_no_proxy_request_is_refused(world: World, request_: bytes) -> None:
    status, body = await world.ask(request_)
    assert status == 400
    assert json.loads(body)["code"] == "bad_input"
    assert world.dialled == []


async def test_a_site_that_says_nothing_is_named(world: World) -> None:
    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    world.handler = silence
    status, body = await world.ask(get("http://example.com/"))
    assert (status, json.loads(body)["code"]) == (502, "egress_unreachable")


async def test_a_silent_client_is_hung_up_on(tmp_path: Path) -> None:
    async with proxying(tmp_path, ProxyLimits(head_s=0.1)) as world:
        reader, writer = await world.connect()
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_a_silent_tunnel_is_closed(tmp_path: Path) -> None:
    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with proxying(tmp_path, ProxyLimits(idle_s=0.1)) as world:
        world.handler = wait
        reader, writer = await world.connect()
        writer.write(b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_connections_are_capped(tmp_path: Path) -> None:
    async with proxying(tmp_path, ProxyLimits(connections=1)) as world:
        _reader, first = await world.connect()
        await asyncio.sleep(0)
        reader, second = await world.connect()
        assert await asyncio.wait_for(reader.read(), 5) == b""
        first.close()
        second.close()


async def test_close_ends_open_tunnels_and_the_listener(tmp_path: Path) -> None:
    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with proxying(tmp_path, ProxyLimits()) as other:
        other.handler = wait
        reader, writer = await other.connect()
        writer.write(b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await other.connect()


async def test_head_and_small_body_go_out_in_one_piece(world: World) -> None:
    # A site that hangs up after its answer would break a second write, and take the answer with it.
    received: list[bytes] = []

    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(65_536))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhasty")
        await writer.drain()

    world.handler = hasty
    reader, writer = await world.connect()
    writer.write(
        b"POST http://login.demo.test/ HTTP/1.1\r\nhost: login.demo.test\r\ncontent-length: 4\r\n\r\n"
    )
    await writer.drain()
    with contextlib.suppress(TimeoutError):  # the proxy has the head alone, for a while
        await asyncio.wait_for(reader.read(), 0.1)
    writer.write(b"body")
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.endswith(b"hasty"), answer
    assert received[0].endswith(b"\r\n\r\nbody")
