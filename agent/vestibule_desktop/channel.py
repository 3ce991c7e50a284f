"""The hand-over's byte channel: a virtio-serial port in a VM, an inherited socket in a container.

A virtio-serial port whose host side is away is *always* readable (read gives nothing), so a level-triggered
loop would spin.  An edge-triggered epoll of its own is woken only when the host connects or sends, and that
epoll's descriptor is what asyncio waits on.  Being blocked there survives a snapshot and a clone.
"""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Callable

from vestibule_desktop.messages import MAX_LINE_BYTES


class Channel:
    """Lines in, bytes out, on a descriptor that may have nobody at its other end yet."""

    def __init__(self, fd: int, on_line: Callable[[bytes], None], *, limit: int = MAX_LINE_BYTES) -> None:
        """``limit``: bytes of the longest line; a longer one is forgotten."""
        self._fd, self._on_line, self._limit = fd, on_line, limit
        self._received = b""
        os.set_blocking(fd, False)
        self._edges = select.epoll()

    def start(self) -> None:
        """Read from now on."""
        self._edges.register(self._fd, select.EPOLLIN | select.EPOLLHUP | select.EPOLLET)
        asyncio.get_running_loop().add_reader(self._edges.fileno(), self._woken)

    def stop(self) -> None:
        """Read no more; the descriptor stays open, and what arrives from now on stays in it."""
        asyncio.get_running_loop().remove_reader(self._edges.fileno())
        self._edges.close()

    def send(self, line: bytes) -> None:
        """Write one line; the host is waiting for it, so its buffer is empty.  Raises OSError."""
        os.set_blocking(self._fd, True)
        try:
            while line:
                line = line[os.write(self._fd, line) :]
        finally:
            os.set_blocking(self._fd, False)

    def _woken(self) -> None:
        self._edges.poll(0)
        while data := self._read():
            self._received += data
            *lines, self._received = self._received.split(b"\n")
            for line in lines:
                self._on_line(line)
            if len(self._received) > self._limit:
                self._received = b""

    def _read(self) -> bytes:
        try:
            return os.read(self._fd, MAX_LINE_BYTES)
        except (BlockingIOError, ConnectionError):
            return b""
