"""People who read while others storm the controller, in a process of their own.

In the storm's own process an answer would wait for its hundreds of clients to be served, and that wait would
be counted as the controller's.  A read that is under way at the end is waited for: it may be the slowest.

::

    parent ── stdin: url and cookies, one line of JSON ──▶ python -m vestibule.benches.readers
           ◀── stdout: "reading", once each has read ───
           ── end of stdin ──▶
           ◀── stdout: what was seen, as JSON ───
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence

import httpx

from vestibule.core.errors import Unavailable

PATHS = ("/dashboard/remote-cli", "/api/auth/sessions", "/api/me")
"""What a page reads: itself, then its data."""
EVERY_S = 0.05
TIMEOUT_S = 60.0
KEPT_S = 1.0
"""Idle connections are not used again after that: the controller closes them after five seconds."""
READING = b"reading\n"


@dataclasses.dataclass(kw_only=True)
class Reads:
    """What came of them."""

    ms: list[float] = dataclasses.field(default_factory=list)
    lost: int = 0
    wrong: int = 0


@contextlib.asynccontextmanager
async def reading(url: str, cookies: Sequence[str]) -> AsyncIterator[Reads]:
    """One reader for each cookie, for as long as the block lasts; filled in when it is left.

    Raises Unavailable when their process ends by itself.
    """
    reads = Reads()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE)
    try:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 (both are pipes)
        process.stdin.write(json.dumps({"url": url, "cookies": list(cookies)}).encode() + b"\n")
        if await process.stdout.readline() != READING:
            raise await _ended(process)
        yield reads
        process.stdin.close()
        seen = await process.stdout.read()
        if await process.wait() != 0:
            raise await _ended(process)
        vars(reads).update(json.loads(seen))
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended
            process.kill()
        await process.wait()


async def _ended(process: Process) -> Unavailable:
    return Unavailable(
        f"The process that reads meanwhile ended by itself (exit code {await process.wait()}).",
        remedy="Read what it wrote just above, and measure again.",
    )


async def _read_until_told(url: str, cookies: Sequence[str]) -> Reads:
    reads = Reads()
    limits = httpx.Limits(max_connections=None, keepalive_expiry=KEPT_S)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, limits=limits, trust_env=False) as client:
        for cookie in cookies:
            await _read(client, cookie, PATHS[0], reads)
        sys.stdout.buffer.write(READING)
        sys.stdout.buffer.flush()
        told = asyncio.Event()
        async with asyncio.TaskGroup() as readers:
            for cookie in cookies:
                readers.create_task(_reader(client, cookie, reads, told))
            await asyncio.to_thread(sys.stdin.buffer.read)
            told.set()
    return reads


async def _reader(client: httpx.AsyncClient, cookie: str, reads: Reads, told: asyncio.Event) -> None:
    for path in itertools.cycle(PATHS):
        await _read(client, cookie, path, reads)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EVERY_S):
                await told.wait()
        if told.is_set():
            return


async def _read(client: httpx.AsyncClient, cookie: str, path: str, reads: Reads) -> None:
    begin = time.monotonic()
    try:
        answer = await client.get(path, headers={"Cookie": cookie})
    except httpx.HTTPError:
        reads.lost += 1
        return
    reads.ms.append((time.monotonic() - begin) * 1000)
    reads.wrong += answer.status_code != 200


def main() -> None:
    """Read what to read, and read it."""
    asked = json.loads(sys.stdin.buffer.readline())
    reads = asyncio.run(_read_until_told(asked["url"], asked["cookies"]))
    sys.stdout.write(json.dumps(dataclasses.asdict(reads)))


if __name__ == "__main__":
    main()
