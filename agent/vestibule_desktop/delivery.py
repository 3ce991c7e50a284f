"""Takes the agent's files in: only in a machine that was booted without an agent, to be snapshotted with one.

In every other machine the agent lies in the golden's top layer, and nobody listens for a delivery.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from pathlib import Path

from vestibule_desktop.channel import Channel
from vestibule_desktop.messages import (
    DELIVERY_CONTRACT,
    MAX_DELIVERY_BYTES,
    Delivered,
    DeliveredFile,
    Delivery,
    ProtocolError,
)

ROOT = Path("/")


class Reception:
    """Waits on the hand-over's channel until a delivery is complete."""

    def __init__(self, fd: int, root: Path = ROOT) -> None:
        self._channel = Channel(fd, self._received, limit=MAX_DELIVERY_BYTES)
        self._root = root
        self._done = asyncio.Event()

    async def complete(self) -> None:
        """Return once all files lie where they belong; the channel is free for the agent then."""
        self._channel.start()
        await self._done.wait()
        self._channel.stop()

    def _received(self, line: bytes) -> None:
        reply = take(line, self._root)
        self._channel.send(reply.encode())
        if not reply.refusal:
            self._done.set()


def take(line: bytes, root: Path) -> Delivered:
    """Write what a Delivery holds below ``root``; a refusal says why nothing, or not all, was written."""
    try:
        delivery = Delivery.decode(line)
        if delivery.contract != DELIVERY_CONTRACT:
            raise ProtocolError(f"contract {delivery.contract}, this desktop speaks {DELIVERY_CONTRACT}")
        digests = {file.path: _write(file, root) for file in delivery.files}
    except (OSError, ValueError) as error:
        return Delivered(contract=DELIVERY_CONTRACT, digests={}, refusal=str(error))
    return Delivered(contract=DELIVERY_CONTRACT, digests=digests)


def _write(file: DeliveredFile, root: Path) -> str:
    """Write one file and its missing parents; returns the digest of what can be read there now."""
    path = root / file.path.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(file.content, validate=True))
    path.chmod(file.mode)
    return hashlib.sha256(path.read_bytes()).hexdigest()
