"""The outlet: every byte goes out once, in order, as messages of bounded length, and a full one says so."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from vestibule.drivers.http_server import HttpServer, bind, serving
from vestibule.drivers.outlet import FRAME_BYTES
from vestibule.services.outlet import EXTENSION, Outlet

pytestmark = pytest.mark.anyio

LENGTHS = (1, 125, 126, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES + 7)


class _App:
    """Accepts one WebSocket, hands out its outlet, and waits until it has gone."""

    def __init__(self) -> None:
        self.accepted: asyncio.Future[tuple[Outlet, Send]] = asyncio.get_running_loop().create_future()
        self.gone = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.accepted.set_result((scope["extensions"][EXTENSION], send))
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self.gone.set()


@asynccontextmanager
async def _connected(**options: Any) -> AsyncIterator[tuple[_App, ClientConnection]]:
    app = _App()
    with bind("127.0.0.1", 0) as sock:
        address = f"ws://127.0.0.1:{sock.getsockname()[1]}/"
        async with (
            serving(HttpServer(app), sock),
            connect(address, compression=None, proxy=None, **options) as client,
        ):
            yield app, client


async def _come(client: ClientConnection, count: int) -> list[bytes]:
    messages: list[bytes] = []
    while sum(map(len, messages)) < count:
        message = await client.recv()
        assert isinstance(message, bytes)
        messages.append(message)
    return messages


async def test_all_lengths_arrive_whole_in_messages_of_bounded_length() -> None:
    poured = [os.urandom(length) for length in LENGTHS]
    async with _connected() as (app, client), asyncio.timeout(20):
        outlet, _ = await app.accepted
        for data in poured:
            outlet.pour(data)
        messages = await _come(client, sum(LENGTHS))
    assert b"".join(messages) == b"".join(poured)
    assert max(map(len, messages)) == FRAME_BYTES


async def test_it_keeps_its_place_among_messages_of_the_app() -> None:
    async with _connected() as (app, client), asyncio.timeout(20):
        outlet, send = await app.accepted
        outlet.pour(b"first")
        await send({"type": "websocket.send", "text": "second"})
        outlet.pour(b"third")
        assert [await client.recv() for _ in range(3)] == [b"first", "second", b"third"]


async def test_a_viewer_that_does_not_read_makes_it_say_that_it_is_full_until_there_is_room() -> None:
    full, room = asyncio.Event(), asyncio.Event()
    async with _connected(max_queue=1) as (app, client), asyncio.timeout(60):
        outlet, _ = await app.accepted
        outlet.on_room(lambda there: (room if there else full).set())
        poured = 0
        while not full.is_set():
            outlet.pour(bytes(FRAME_BYTES))
            poured += FRAME_BYTES
            await asyncio.sleep(0)
        assert not room.is_set()
        messages = await _come(client, poured)
        await room.wait()
    assert sum(map(len, messages)) == poured


async def test_nothing_is_poured_after_the_close() -> None:
    async with _connected() as (app, client), asyncio.timeout(20):
        outlet, send = await app.accepted
        outlet.pour(b"before")
        await send({"type": "websocket.close", "code": 4410, "reason": "over"})
        outlet.pour(b"after")
        assert await client.recv() == b"before"
        with pytest.raises(ConnectionClosed):
            await client.recv()
        await app.gone.wait()
        outlet.pour(b"long after")
    assert client.close_code == 4410
