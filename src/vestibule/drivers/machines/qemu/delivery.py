"""The host's side of a delivery: the agent's layer, file by file, into a desktop that runs without one.

Not as one more disk: a guest keeps its disks' sizes in memory, and an overlay's layers cannot be exchanged
under running programs.  The files lie in the guest's tmpfs then, at the same paths, with the same bytes.
"""

from __future__ import annotations

import asyncio
import base64
import stat
from pathlib import Path

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.listing import Entry, read_listing
from vestibule.drivers.goldens.pack import LISTING
from vestibule.drivers.machines.control import SocketControl
from vestibule_desktop.messages import (
    DELIVERY_CONTRACT,
    Delivered,
    DeliveredFile,
    Delivery,
    ProtocolError,
)


def delivery_of(layer: Path) -> Delivery:
    """All files of a finished layer.  Raises GoldenFailed when it holds something else, OSError."""
    listing = read_listing(layer / LISTING)
    files = [_file(layer, path, entry) for path, entry in listing.items() if not _is_folder(entry)]
    return Delivery(contract=DELIVERY_CONTRACT, files=files)


def _is_folder(entry: Entry) -> bool:
    return stat.S_ISDIR(int(entry.mode, 8))


def _file(layer: Path, path: str, entry: Entry) -> DeliveredFile:
    mode = int(entry.mode, 8)
    if not stat.S_ISREG(mode):
        raise _failed(f"/{path} in the agent's layer is no plain file, so it cannot be delivered")
    content = base64.b64encode((layer / "rootfs" / path).read_bytes()).decode()
    return DeliveredFile(path=f"/{path}", mode=stat.S_IMODE(mode), content=content)


async def deliver(layer: Path, control: SocketControl, timeout_s: float) -> None:
    """Bring the agent's layer into the machine, and compare what arrived with the layer's own listing.

    Raises GoldenFailed ``snapshot_failed``, MachineFailed.
    """
    message = await asyncio.to_thread(lambda: delivery_of(layer).encode())
    try:
        async with asyncio.timeout(timeout_s):
            reply = Delivered.decode(await control.exchange(message))
    except (OSError, ProtocolError) as error:
        raise _failed(f"the desktop did not take the agent in: {str(error) or 'it stayed silent'}") from error
    _require_same(layer, reply)


def _require_same(layer: Path, reply: Delivered) -> None:
    if reply.refusal:
        raise _failed(f"the desktop refused the agent: {reply.refusal}")
    listing = read_listing(layer / LISTING)
    wanted = {f"/{path}": entry.content for path, entry in listing.items() if not _is_folder(entry)}
    wrong = sorted(path for path in {*wanted, *reply.digests} if wanted.get(path) != reply.digests.get(path))
    if wrong:
        raise _failed(f"{wrong[0]} is not in the machine as it is in the agent's layer")


def _failed(cause: str) -> GoldenFailed:
    return GoldenFailed(
        cause,
        remedy="Check the golden with vestibule golden verify, then build it again.",
        code="snapshot_failed",
    )
