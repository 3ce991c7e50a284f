"""Those who look at the page while others storm the controller: a process of their own.

In the storm's own process each answer would also wait for the storm's client, and its time would be no
reader's.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import multiprocessing
import time
from collections.abc import AsyncIterator, Sequence
from multiprocessing.connection import Connection

import httpx

PAGE = "/dashboard/remote-cli"
PATHS = (PAGE, "/api/auth/sessions", "/api/me")
"""What a page reads: itself, then its data."""
READ_EVERY_S = 0.05
TIMEOUT_S = 60.0
KEPT_S = 1.0
"""Idle connections are not used again after that: the controller closes them after five seconds."""


@dataclasses.dataclass(kw_only=True)
class Reads:
    """What became of them; filled when ``reading`` ends."""

    read_ms: list[float] = dataclasses.field(default_factory=list)
    lost: int = 0
    wrong: int = 0


@contextlib.asynccontextmanager
async def reading(url: str, cookies: Sequence[str]) -> AsyncIterator[Reads]:
    """One reader per cookie, from when the block begins until it ends; each reads PATHS once at least.

    Raises EOFError when their process ended by itself.
    """
    spawn = multiprocessing.get_context("spawn")  # a fork would copy the event loop of the storm
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_process, args=(url, tuple(cookies), theirs), daemon=True)
    process.start()
    theirs.close()
    found = Reads()
    try:
        await asyncio.to_thread(ours.recv)
        yield found
        ours.send(None)
        told: Reads = await asyncio.to_thread(ours.recv)
        found.read_ms, found.lost, found.wrong = told.read_ms, told.lost, told.wrong
    finally:
        ours.close()  # its readers end at that, however the block ended
        await asyncio.to_thread(process.join)


def _process(url: str, cookies: Sequence[str], asks: Connection) -> None:
    with contextlib.suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        asyncio.run(_until_told(url, cookies, asks))


async def _until_told(url: str, cookies: Sequence[str], asks: Connection) -> None:
    reads, done = Reads(), asyncio.Event()
    limits = httpx.Limits(max_connections=None, keepalive_expiry=KEPT_S)
    asyncio.get_running_loop().add_reader(asks.fileno(), done.set)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, limits=limits, trust_env=False) as client:
        asks.send(None)
        await asyncio.gather(*(_reader(client, cookie, reads, done) for cookie in cookies))
    asks.recv()
    asks.send(reads)


async def _reader(client: httpx.AsyncClient, cookie: str, reads: Reads, done: asyncio.Event) -> None:
    while True:
        for path in PATHS:
            begin = time.monotonic()
            try:
                answer = await client.get(path, headers={"Cookie": cookie})
            except httpx.HTTPError:
                reads.lost += 1
            else:
                reads.read_ms.append((time.monotonic() - begin) * 1000)
                reads.wrong += answer.status_code != 200
            await asyncio.sleep(READ_EVERY_S)
        if done.is_set():
            return
