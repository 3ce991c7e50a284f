from __future__ import annotations

import asyncio
import socket

from vestibule_desktop.channel import Channel


def test_a_line_in_pieces_arrives_whole() -> None:
    async def scenario() -> bytes:
        near, far = socket.socketpair()
        lines: asyncio.Queue[bytes] = asyncio.Queue()
        with near, far:
            Channel(far.fileno(), lines.put_nowait).start()
            near.sendall(b"one ")
            near.sendall(b"line\nrest")
            async with asyncio.timeout(5):
                line = await lines.get()
        return line

    assert asyncio.run(scenario()) == b"one line"


def test_an_absent_host_does_not_make_the_loop_spin() -> None:
    async def scenario() -> int:
        near, far = socket.socketpair()
        channel = Channel(far.fileno(), lambda _line: None)
        channel.start()
        near.close()
        wakes = 0
        original = channel._read

        def counted() -> bytes:
            nonlocal wakes
            wakes += 1
            return original()

        channel._read = counted  # type: ignore[method-assign]
        for _ in range(200):
            await asyncio.sleep(0)
        far.close()
        return wakes

    assert asyncio.run(scenario()) <= 2
