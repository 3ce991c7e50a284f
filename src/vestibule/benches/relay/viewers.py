"""Viewers of as many desktops as a trial has streams, in a process of their own that costs little.

::

    stdin:  ``Order``, a line of JSON
    stdout: {"rtt_ms"}            fences sent and answered in turn through every stream, nothing else going on
            {}                    pictures flow in all streams, and have for the warm-up
            {"bytes", "seconds"}  so many came in the time after it; they go on until stdin ends

A round trip is timed around the socket's calls: the frame is made before, and read afterwards.  Of pictures,
what came is counted, WebSocket's frames (10 bytes in some 64 KiB) included, and dropped in the kernel.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import selectors
import socket
import struct
import sys
import time
from collections.abc import Sequence
from typing import Protocol

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from vestibule.benches.relay.desktop import GREETING, VERSION
from vestibule.core import rfb_messages as rfb

FENCE = struct.pack(">BxxxIB", rfb.FENCE, 0, 8) + b"a mark.."
UPDATE_REQUEST = struct.pack(">BBHHHH", rfb.UPDATE_REQUEST, 1, 0, 0, 1280, 800)
TIMEOUT_S = 20.0
_READ_BYTES = 65_536
_DROPPED = bytearray(1 << 20)
"""Has its length to give: with MSG_TRUNC, TCP writes nothing into it (tcp(7))."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Way:
    """How one stream is reached."""

    path: str | None
    """Of its WebSocket; None where the bytes come without one."""
    subprotocols: Sequence[str] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be measured."""

    port: int
    ways: Sequence[Way]
    """One for each stream."""
    warm_up_fences: int
    fences: int
    warm_up_s: float
    seconds: float


class _Stream(Protocol):
    """One viewer's connection."""

    sock: socket.socket

    def framed(self, data: bytes) -> bytes:
        """What is to be sent for ``data``."""
        ...

    def payload(self, received: bytes) -> bytes:
        """What of the desktop's bytes was in what came."""
        ...


class _Plain:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def framed(self, data: bytes) -> bytes:
        return data

    def payload(self, received: bytes) -> bytes:
        return received


class _WebSocket:
    def __init__(self, sock: socket.socket, port: int, way: Way) -> None:
        self.sock = sock
        uri = parse_uri(f"ws://127.0.0.1:{port}{way.path}")
        subprotocols = [*way.subprotocols] or None
        self._protocol = ClientProtocol(uri, subprotocols=subprotocols)  # type: ignore[arg-type]
        self._protocol.send_request(self._protocol.connect())
        sock.sendall(b"".join(self._protocol.data_to_send()))
        while not (answered := self._received(sock.recv(1))):  # no byte of what follows the answer
            pass
        if not isinstance(answered[0], Response) or self._protocol.handshake_exc:
            raise ConnectionError(f"the WebSocket was refused: {self._protocol.handshake_exc}")

    def framed(self, data: bytes) -> bytes:
        self._protocol.send_binary(data)
        return b"".join(self._protocol.data_to_send())

    def payload(self, received: bytes) -> bytes:
        frames = [event for event in self._received(received) if isinstance(event, Frame)]
        if any(frame.opcode is Opcode.CLOSE for frame in frames):
            raise ConnectionError(f"the WebSocket was closed: {self._protocol.close_rcvd}")
        return b"".join(bytes(frame.data) for frame in frames if frame.opcode is Opcode.BINARY)

    def _received(self, data: bytes) -> Sequence[object]:
        if not data:
            raise ConnectionError("the WebSocket ended")
        self._protocol.receive_data(data)
        return self._protocol.events_received()


def _open(port: int, way: Way) -> _Stream:
    sock = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream: _Stream = _Plain(sock) if way.path is None else _WebSocket(sock, port, way)
    _await(stream, VERSION)
    sock.sendall(stream.framed(GREETING))
    return stream


def _await(stream: _Stream, expected: bytes) -> float:
    """Until it has come; when its last byte had.  Raises ConnectionError when anything else comes."""
    come = b""
    while come != expected:
        received = stream.sock.recv(_READ_BYTES)
        at = time.perf_counter()
        come += stream.payload(received)
        if not received or not expected.startswith(come):
            raise ConnectionError(f"{come!r} came in place of {expected!r}")
    return at


def _round_trip_ms(stream: _Stream) -> float:
    sent = stream.framed(FENCE)
    begin = time.perf_counter()
    stream.sock.sendall(sent)
    return (_await(stream, FENCE) - begin) * 1000


def _round_trips(streams: Sequence[_Stream], count: int) -> list[float]:
    return [_round_trip_ms(stream) for stream in itertools.islice(itertools.cycle(streams), count)]


class _Pictures:
    """As they come through every stream."""

    def __init__(self, streams: Sequence[_Stream]) -> None:
        self._waiting = selectors.DefaultSelector()
        for stream in streams:
            stream.sock.sendall(stream.framed(UPDATE_REQUEST))
            stream.sock.setblocking(False)
            self._waiting.register(stream.sock, selectors.EVENT_READ)

    def flow(self, seconds: float) -> int:
        """Take them in for so long; how many bytes they had.  Raises ConnectionError when a stream ends."""
        taken, deadline = 0, time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            for key, _ in self._waiting.select(left):
                taken += self._take(key.fileobj)
        return taken

    def _take(self, sock: object) -> int:
        assert isinstance(sock, socket.socket)  # noqa: S101 (nothing else was registered)
        count = sock.recv_into(_DROPPED, len(_DROPPED), socket.MSG_TRUNC)
        if not count:
            raise ConnectionError("a stream of pictures ended")
        return count

    def flow_on(self) -> None:
        """Until standard input ends."""
        self._waiting.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self._waiting.select():
                if key.fileobj is sys.stdin:
                    return
                self._take(key.fileobj)


def _tell(found: object) -> None:
    print(json.dumps(found), flush=True)  # noqa: T201 (how its parent learns of it)


def main() -> None:
    """Read what to measure, and measure it."""
    asked = json.loads(sys.stdin.readline())
    order = Order(**{**asked, "ways": [Way(**way) for way in asked["ways"]]})
    streams = [_open(order.port, way) for way in order.ways]
    _round_trips(streams, max(order.warm_up_fences, len(streams)))
    _tell({"rtt_ms": _round_trips(streams, order.fences)})
    pictures = _Pictures(streams)
    pictures.flow(order.warm_up_s)
    _tell({})
    begin = time.perf_counter()
    taken = pictures.flow(order.seconds)
    _tell({"bytes": taken, "seconds": time.perf_counter() - begin})
    pictures.flow_on()


if __name__ == "__main__":
    main()
