"""Followers of very many sign-ins, in a process of their own.

::

    stdin:  ``Followed``, a line of JSON
    stdout: "open", once each has had its first event; they stay until stdin ends
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import selectors
import socket
import sys
from collections.abc import Iterator, Sequence

from vestibule.benches.programs import give, line_of, program

TIMEOUT_S = 60.0
_READ_BYTES = 65_536
_FIRST = b"event: session"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Followed:
    """By whom, and what."""

    port: int
    streams: Sequence[tuple[str, str]]
    """Of each: the session, and its owner's API token."""


@contextlib.contextmanager
def open_streams(port: int, streams: Sequence[tuple[str, str]]) -> Iterator[None]:
    """They are open while the block runs.  Raises Unavailable when they are not to be had."""
    with program(__name__) as process:
        give(process, Followed(port=port, streams=streams))
        line_of(process)
        yield


def _opened(port: int, session_id: str, token: str) -> socket.socket:
    """Raises ConnectionError when another answer comes."""
    sock = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
    asked = (
        f"GET /api/auth/session/{session_id}/events HTTP/1.1",
        "Host: bench",
        f"Authorization: Bearer {token}",
    )
    sock.sendall("".join(f"{line}\r\n" for line in (*asked, "")).encode())
    come = b""
    while _FIRST not in come:
        more = sock.recv(_READ_BYTES)
        if not more:
            raise ConnectionError(f"a stream was not opened: {come!r}")
        come += more
    return sock


def main() -> None:
    """Open them, and take in what comes until standard input ends."""
    followed = Followed(**json.loads(sys.stdin.readline()))
    waiting = selectors.DefaultSelector()
    waiting.register(sys.stdin, selectors.EVENT_READ)
    for session_id, token in followed.streams:
        waiting.register(_opened(followed.port, session_id, token), selectors.EVENT_READ)
    print("open", flush=True)  # noqa: T201 (how its parent learns of it)
    while True:
        for key, _ in waiting.select():
            if not isinstance(key.fileobj, socket.socket):
                return
            if not key.fileobj.recv(_READ_BYTES):
                raise ConnectionError("a stream ended")


if __name__ == "__main__":
    main()
