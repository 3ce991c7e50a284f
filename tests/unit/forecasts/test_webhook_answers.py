"""A webhook's receiver that answers without end holds nobody up and fills no memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from vestibule.core.errors import Unavailable
from vestibule.drivers.webhook import HttpWebhook

pytestmark = pytest.mark.anyio

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def receiver(answer: Answer) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await answer(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_headers_without_end_are_given_up() -> None:
    async def dribble(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with receiver(dribble) as url:
        with pytest.raises(Unavailable, match="TimeoutError"):
            await HttpWebhook(url, None, timeout_s=0.2).post({})


async def test_a_body_without_end_is_not_read() -> None:
    sent = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    async with receiver(pour) as url:
        await HttpWebhook(url, None, timeout_s=5).post({})
    assert sent < 64 * 1024 * 1024


async def test_an_address_that_is_none_is_named_as_such() -> None:
    with pytest.raises(Unavailable) as refused:
        await HttpWebhook("http://xn--/", None).post({})
    assert refused.value.failure_code == "webhook_failed"
