"""Asks the desktop's Chromium to show a URL.

It is asked over its own single-instance socket (chrome/browser/process_singleton_posix.cc):
``START NUL cwd NUL argv0 NUL argument …``, answered by ``ACK``.  That starts no process; under emulation
starting Chromium just to pass a URL on would take seconds.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from vestibule_desktop.browser import PROGRAM

ACKNOWLEDGED = b"ACK"


class BrowserError(ConnectionError):
    """The running browser did not take the URL."""


async def show(profile: Path, url: str) -> None:
    """Have the running browser open ``url`` in a new tab.  Raises BrowserError."""
    try:
        async with asyncio.timeout(10):
            answer = await _ask(profile / "SingletonSocket", _message(url))
    except (OSError, TimeoutError) as error:
        raise BrowserError(f"the browser's socket: {type(error).__name__}: {error}") from error
    if not answer.startswith(ACKNOWLEDGED):
        raise BrowserError(f"the browser answered {answer!r}")


def _message(url: str) -> bytes:
    return b"\0".join(word.encode() for word in ("START", "/", PROGRAM, url))


async def _ask(socket: Path, message: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(message)
        writer.write_eof()
        return await reader.read(16)
    finally:
        writer.close()
