"""Watches for the tool's credential file and hands it over once.

Every folder on the way from the home to the file is watched, those that appear later too: tools make their
folder at the moment of writing.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import os
import stat
from pathlib import Path

from vestibule_agent.events import EventLog
from vestibule_agent.inotify import Inotify
from vestibule_agent.protocol import MAX_CREDENTIAL_BYTES, Credential, CredentialSpec
from vestibule_agent.validation import InvalidCredentialError, ValidCredential, validate

SETTLE_S = 0.05
"""A write is often open, write, close, chmod, rename: look once after the burst."""


class AlreadyClaimedError(LookupError):
    """The credential was handed over before."""


class CredentialWatch:
    """Follows one login's credential from its first sight to its claim."""

    def __init__(self, spec: CredentialSpec, home: Path, owner: int, log: EventLog) -> None:
        self._spec, self._log, self._owner, self._home = spec, log, owner, home
        self._path = inside(home, spec.path)
        self._inotify = Inotify()
        self._judged: bytes | str | None = None
        self._seen = self._announced = self._claimed = False
        self._pending: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch from now on; a file that is already there is looked at, too."""
        asyncio.get_running_loop().add_reader(self._inotify.fd, self._woken)
        self._look()

    def stop(self) -> None:
        """Stop watching."""
        asyncio.get_running_loop().remove_reader(self._inotify.fd)
        if self._pending:
            self._pending.cancel()
        self._inotify.close()

    def claim(self) -> Credential | None:
        """The valid credential, once; None while there is none.  Raises AlreadyClaimedError."""
        if self._claimed:
            raise AlreadyClaimedError(self._spec.path)
        try:
            content, mode = self._read()
            validate(self._spec, content, _now())
        except (OSError, InvalidCredentialError):
            return None
        self._claimed = True
        return Credential(path=self._spec.path, mode=mode, content=base64.b64encode(content).decode())

    def _woken(self) -> None:
        self._inotify.drain()
        if self._pending is None:
            self._pending = asyncio.get_running_loop().call_later(SETTLE_S, self._look)

    def _look(self) -> None:
        self._pending = None
        for folder in reversed([part for part in self._path.parents if part.is_relative_to(self._home)]):
            if not self._inotify.watch(folder):
                return
        if self._announced or not os.path.lexists(self._path):
            return
        if not self._seen:
            self._seen = True
            self._log.emit("credential_seen", path=self._spec.path)
        self._judge()

    def _judge(self) -> None:
        content: bytes | str = b""
        try:
            content, _ = self._read()
            self._announce(validate(self._spec, content, _now()))
        except (OSError, InvalidCredentialError) as error:
            # Once per distinct content; a refusal to open counts by its text.
            key = content or str(error)
            if key != self._judged:
                self._judged = key
                self._log.emit("credential_invalid", path=self._spec.path, cause=str(error))

    def _announce(self, found: ValidCredential) -> None:
        self._announced = True
        expires_at = found.expires_at.isoformat() if found.expires_at else None
        self._log.emit("credential_valid", expires_at=expires_at, account=found.account)

    def _read(self) -> tuple[bytes, int]:
        # O_NOFOLLOW and the owner: the agent may be root, and must not be led to another's file.
        fd = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            state = os.fstat(fd)
            if not stat.S_ISREG(state.st_mode) or state.st_uid != self._owner:
                raise InvalidCredentialError("it is not a regular file of the guest's user")
            content = file.read(MAX_CREDENTIAL_BYTES + 1)
        return content, stat.S_IMODE(state.st_mode)


def inside(home: Path, path: str) -> Path:
    """``~/x`` → home/x.  Raises ValueError for a path that is not below the home."""
    if path == "~":
        path = "~/"
    expanded = Path(os.path.normpath(home / path.removeprefix("~/")))
    if expanded == home or not expanded.is_relative_to(home):
        raise ValueError(f"{path}: a file below ~ is needed")
    return expanded


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
