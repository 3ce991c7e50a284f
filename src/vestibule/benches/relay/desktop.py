"""A stand-in for desktops, in a process of its own: it greets like RFB, then sends as fast as it is read.

::

    ◀── version ──
    ── greeting, 14 bytes ──▶
    ── fence ──▶  sent back at once (ClientFence and ServerFence have one form)
    ── update request ──▶  pictures without end

One thread, and pictures that the kernel takes from where they are: what it costs must not limit a relay.
It prints its port, and ends at the end of its standard input.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import sys

from vestibule.core import rfb_messages as rfb

VERSION = b"RFB 003.008\n"
GREETING = VERSION + b"\x01" + b"\x01"
"""What a viewer says before its first message: version, security "none", ClientInit."""
BACKLOG = 1024
_PICTURE_BYTES = 1 << 18
_READ_BYTES = 4096


class _Desktop:
    """One connection."""

    def __init__(self, sock: socket.socket, picture: int, waiting: selectors.BaseSelector) -> None:
        self._sock = sock
        self._picture = picture
        self._waiting = waiting
        self._greeting = len(GREETING)
        self._sent = 0

    def serve(self, events: int) -> None:
        """Go on after one of what it waited for."""
        if events & selectors.EVENT_READ:
            self._read()
        else:
            self._paint()

    def _read(self) -> None:
        data = self._sock.recv(_READ_BYTES)
        if not data:
            raise ConnectionResetError
        told = data[self._greeting :]
        self._greeting -= min(self._greeting, len(data))
        if told[:1] == bytes([rfb.FENCE]):
            self._sock.sendall(told)
        elif told[:1] == bytes([rfb.UPDATE_REQUEST]):
            self._waiting.modify(self._sock, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def end(self) -> None:
        """The viewer has gone."""
        self._sock.close()

    def _paint(self) -> None:
        self._sent += os.sendfile(self._sock.fileno(), self._picture, self._sent, _PICTURE_BYTES - self._sent)
        self._sent %= _PICTURE_BYTES


def main() -> None:
    """Serve until standard input ends."""
    picture = os.memfd_create("picture")
    os.write(picture, os.urandom(_PICTURE_BYTES))
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        print(listener.getsockname()[1], flush=True)  # noqa: T201 (how its parent learns of it)
        waiting = selectors.DefaultSelector()
        waiting.register(sys.stdin, selectors.EVENT_READ)
        waiting.register(listener, selectors.EVENT_READ, listener)
        while True:
            for key, events in waiting.select():
                if key.fileobj is sys.stdin:
                    return
                if key.data is listener:
                    _accept(listener, picture, waiting)
                else:
                    _serve(key, events, waiting)


def _accept(listener: socket.socket, picture: int, waiting: selectors.BaseSelector) -> None:
    sock, _ = listener.accept()
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(VERSION)
    waiting.register(sock, selectors.EVENT_READ, _Desktop(sock, picture, waiting))


def _serve(key: selectors.SelectorKey, events: int, waiting: selectors.BaseSelector) -> None:
    try:
        with contextlib.suppress(BlockingIOError):
            key.data.serve(events)
    except OSError:
        waiting.unregister(key.fileobj)
        key.data.end()


if __name__ == "__main__":
    main()
