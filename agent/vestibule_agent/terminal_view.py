"""A second client of the terminal's tmux, for a terminal in the person's own browser.

::

    frames from the controller ──▶ pseudo-terminal ──▶ tmux attach-session (one process per view)
    raw bytes to the controller ◀──┘

It has its own size, and tmux gives the window that of the client which was used last.  Lines that had
scrolled off before it came are sent first, so that they can be scrolled back to.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
from collections.abc import Callable

from vestibule_agent.relay import CHUNK_BYTES, Stream
from vestibule_agent.terminal_frames import FrameReader
from vestibule_desktop.processes import Children

END_S = 2.0
"""For the client to take its leave."""

StartClient = Callable[[int], "subprocess.Popen[bytes]"]
"""Starts the tmux client on the descriptor of a terminal, which stays the caller's."""


class TerminalView:
    """One view, from its size on."""

    def __init__(self, start: StartClient, children: Children, size: tuple[int, int]) -> None:
        self._master, slave = pty.openpty()
        try:
            self._resize(size)
            self._pid, self._ended = _adopted(start(slave), children)
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)

    async def carry(self, near: Stream, early: bytes, history: str) -> None:
        """Copy both ways until either side ends; ends the client, closes ``near``."""
        reader, writer, transport = await _streams(self._master)
        near[1].write(self._scrolled_off(history))
        tasks = [
            asyncio.ensure_future(self._up(near[0], early, writer)),
            asyncio.ensure_future(_down(reader, near[1])),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            # A terminal without its other side gives EIO; a person who has gone, a broken connection.
            await asyncio.gather(*tasks, return_exceptions=True)
            near[1].close()
            writer.close()
            transport.close()
            await self._end()

    async def _up(self, near: asyncio.StreamReader, early: bytes, writer: asyncio.StreamWriter) -> None:
        frames, data = FrameReader(), early
        while data or (data := await near.read(CHUNK_BYTES)):
            for frame in frames.feed(data):
                if isinstance(frame, tuple):
                    self._resize(frame)
                    self._signal(signal.SIGWINCH)  # it has no controlling terminal that would
                else:
                    writer.write(frame)
                    await writer.drain()
            data = b""

    def _scrolled_off(self, history: str) -> bytes:
        """The history, and as many blank lines as push it off the screen, which tmux clears first."""
        if not history:
            return b""
        return (history.replace("\n", "\r\n") + "\x1b[m" + "\r\n" * self._rows).encode()

    def _resize(self, size: tuple[int, int]) -> None:
        columns, self._rows = size
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", self._rows, columns, 0, 0))

    async def _end(self) -> None:
        for deadly in (signal.SIGHUP, signal.SIGKILL):
            self._signal(deadly)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_S):
                    await asyncio.shield(self._ended)
                return

    def _signal(self, number: signal.Signals) -> None:
        # Not by Popen, which would reap it where Children does.
        if not self._ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, number)


def _adopted(process: subprocess.Popen[bytes], children: Children) -> tuple[int, asyncio.Future[int]]:
    return process.pid, children.adopt(process)


async def _down(reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK_BYTES):
        near.write(data)
        await near.drain()


async def _streams(master: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, asyncio.ReadTransport]:
    """The terminal's near side as streams, and the transport of the first; closing both closes it."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    written = os.fdopen(os.dup(master), "wb", buffering=0)
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(master, "rb", buffering=0)
    )
    writing, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, written)
    return reader, asyncio.StreamWriter(writing, protocol, None, loop), transport
