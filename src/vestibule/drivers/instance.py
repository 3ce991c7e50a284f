"""One controller per state folder: a lock that ends with the process, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from vestibule.core.errors import Conflict, HostUnfit
from vestibule.drivers.private_folder import make_private


@contextlib.contextmanager
def only_instance(state_dir: Path) -> Iterator[None]:
    """Hold the state folder.

    Raises Conflict ``controller_running`` when another controller does, HostUnfit when it cannot be written.
    """
    try:
        make_private(state_dir)
        descriptor = os.open(state_dir / "controller.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HostUnfit(
            f"The state folder {state_dir} cannot be written: {error.strerror}.",
            remedy="Set state_dir to a folder of your own on a writable disk.",
            code="state_dir_unusable",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise Conflict(
            f"Another controller already uses {state_dir}.",
            remedy="Use that one, stop it, or give this one a state_dir of its own.",
            code="controller_running",
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)
