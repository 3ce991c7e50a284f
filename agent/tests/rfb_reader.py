"""A tiny RFB 3.8 client (RFC 6143): one full frame as bytes, four per pixel, blue first."""

from __future__ import annotations

import socket
import struct


def _read(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def read_frame(sock: socket.socket) -> tuple[int, int, bytes]:
    """Width, height and pixels of the desktop, now."""
    width, height = greet(sock)
    sock.sendall(struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
    sock.sendall(struct.pack(">BxHi", 2, 1, 0) + struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
    frame, seen = bytearray(width * height * 4), 0
    while seen < width * height:
        assert _read(sock, 1) == b"\0"
        for _ in range(struct.unpack(">xH", _read(sock, 3))[0]):
            seen += _read_rectangle(sock, frame, width)
    return width, height, bytes(frame)


def greet(sock: socket.socket) -> tuple[int, int]:
    """Begin; width and height of the desktop."""
    assert _read(sock, 12) == b"RFB 003.008\n"
    sock.sendall(b"RFB 003.008\n")
    assert 1 in _read(sock, _read(sock, 1)[0])
    sock.sendall(b"\1")
    assert _read(sock, 4) == b"\0\0\0\0"
    sock.sendall(b"\1")
    width, height = struct.unpack(">HH16x", _read(sock, 20))
    _read(sock, struct.unpack(">I", _read(sock, 4))[0])
    return width, height


def _read_rectangle(sock: socket.socket, frame: bytearray, stride: int) -> int:
    x, y, width, height, _ = struct.unpack(">HHHHi", _read(sock, 12))
    for row in range(y, y + height):
        start = (row * stride + x) * 4
        frame[start : start + width * 4] = _read(sock, width * 4)
    return int(width * height)
