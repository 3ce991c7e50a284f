"""Watches for the tool's credential files and hands them over once.

Every folder on the way from the home to each file is watched, those that appear later too: tools make their
folder at the moment of writing.

::

    a file changes ─▶ all declared files are read ─▶ shape and expiry ─▶ the tool itself ─▶ credential_valid
                                                        └──────────────────┴─▶ credential_invalid, and on
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import os
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from vestibule_agent.documents import InvalidCredentialError
from vestibule_agent.events import EventLog
from vestibule_agent.inotify import Inotify
from vestibule_agent.protocol import (
    MAX_CREDENTIAL_BYTES,
    Credential,
    CredentialFile,
    CredentialFileSpec,
    CredentialSpec,
    Verification,
)
from vestibule_agent.validation import ValidCredential, validate
from vestibule_agent.verification import NoAnswerError

SETTLE_S = 0.05
"""A write is often open, write, close, chmod, rename: look once after the burst."""

Contents = Mapping[str, bytes]
"""Declared path → what is in it, of the files that are there."""


class AlreadyClaimedError(LookupError):
    """The credential was handed over before."""


class CredentialWatch:
    """Follows one login's credential from its first sight to its claim."""

    def __init__(
        self,
        spec: CredentialSpec,
        home: Path,
        owner: int,
        log: EventLog,
        ask: Callable[[Verification], Awaitable[None]],
    ) -> None:
        self._spec, self._log, self._owner, self._home = spec, log, owner, home
        self._paths = {file.path: inside(home, file.path) for file in spec.files}
        self._ask = ask
        self._inotify = Inotify()
        self._judged: Contents | str | None = None
        self._seen: set[str] = set()
        self._asked: Contents | None = None
        self._announced: Contents | None = None
        self._claimed = False
        self._pending: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Watch from now on; files that are already there are looked at, too."""
        asyncio.get_running_loop().add_reader(self._inotify.fd, self._woken)
        self._look()

    def stop(self) -> None:
        """Stop watching."""
        asyncio.get_running_loop().remove_reader(self._inotify.fd)
        if self._pending:
            self._pending.cancel()
        if self._asking:
            self._asking.cancel()
        self._inotify.close()

    async def settled(self) -> None:
        """Return once what is there now was judged: a tool that has ended writes no more.

        What the tool itself refused is asked about once more: its cause may have passed (no network).
        """
        self._asked = None
        self._look()
        while self._asking is not None and not self._asking.done():
            await asyncio.wait([self._asking])

    def claim(self) -> Credential | None:
        """The valid credential, once; None while there is none.  Raises AlreadyClaimedError.

        As it is now; as it was announced when it is being written anew at this moment.
        """
        if self._claimed:
            raise AlreadyClaimedError(self._spec.files[0].path)
        contents = self._valid() or self._announced
        if contents is None:
            return None
        self._claimed = True
        return Credential(
            files=[
                CredentialFile(
                    path=file.path, mode=file.mode, content=base64.b64encode(contents[file.path]).decode()
                )
                for file in self._spec.files
                if file.path in contents
            ]
        )

    def _valid(self) -> Contents | None:
        try:
            contents = self._read()
            found = validate(self._spec, contents, _now())
        except (OSError, InvalidCredentialError):
            return None
        return _of(found, contents)

    def _woken(self) -> None:
        self._inotify.drain()
        if self._pending is None:
            self._pending = asyncio.get_running_loop().call_later(SETTLE_S, self._look)

    def _look(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None
        for path in self._paths.values():
            self._watch_folders_of(path)
        if self._announced is not None or self._asking or not self._is_there():
            return
        self._judge()

    def _watch_folders_of(self, path: Path) -> None:
        for folder in reversed([part for part in path.parents if part.is_relative_to(self._home)]):
            if not self._inotify.watch(folder):
                return

    def _is_there(self) -> bool:
        """Whether a file that makes a login is there; each is told when it is first seen."""
        there = [file for file in self._spec.files if os.path.lexists(self._paths[file.path])]
        for file in there:
            if file.path not in self._seen:
                self._seen.add(file.path)
                self._log.emit("credential_seen", path=file.path)
        return any(not file.optional for file in there)

    def _judge(self) -> None:
        contents: Contents = {}
        try:
            contents = self._read()
            found = validate(self._spec, contents, _now())
        except (OSError, InvalidCredentialError) as error:
            self._asked = None
            self._refuse(contents, str(error))
            return
        if self._spec.verify is None:
            self._announce(contents, found, unverified=None)
        elif contents != self._asked:
            self._asked = contents
            self._asking = asyncio.ensure_future(self._verify(self._spec.verify, contents, found))

    async def _verify(self, verification: Verification, contents: Contents, found: ValidCredential) -> None:
        try:
            await self._ask(verification)
            self._announce(contents, found, unverified=None)
        except NoAnswerError as error:
            self._announce(contents, found, unverified=str(error))
        except InvalidCredentialError as error:
            self._refuse(contents, str(error))
        finally:
            self._asking = None
        # It may have been written again while the tool was asked.
        self._look()

    def _refuse(self, contents: Contents, cause: str) -> None:
        # Once per distinct content; a refusal to open counts by its text.
        key = contents or cause
        if key != self._judged:
            self._judged = key
            self._log.emit("credential_invalid", path=self._spec.files[0].path, cause=cause)

    def _announce(self, contents: Contents, found: ValidCredential, *, unverified: str | None) -> None:
        self._announced = _of(found, contents)
        expires_at = found.expires_at.isoformat() if found.expires_at else None
        self._log.emit(
            "credential_valid", expires_at=expires_at, account=found.account, unverified=unverified
        )

    def _read(self) -> dict[str, bytes]:
        """Raises OSError or InvalidCredentialError when one that is there may not be read."""
        contents: dict[str, bytes] = {}
        for file in self._spec.files:
            content = self._content(file)
            if content is not None:
                contents[file.path] = content
        return contents

    def _content(self, file: CredentialFileSpec) -> bytes | None:
        try:
            content = _read_own(self._paths[file.path], self._owner)
        except FileNotFoundError:
            return None
        except (OSError, InvalidCredentialError):
            if file.optional:
                return None
            raise
        too_large = len(content) > MAX_CREDENTIAL_BYTES
        return None if too_large and file.optional else content


def _of(found: ValidCredential, contents: Contents) -> Contents:
    """Without what did not fit in."""
    return {path: contents[path] for path in found.files}


def _read_own(path: Path, owner: int) -> bytes:
    # O_NOFOLLOW and the owner: the agent may be root, and must not be led to another's file.
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(fd, "rb") as file:
        state = os.fstat(fd)
        if not stat.S_ISREG(state.st_mode) or state.st_uid != owner:
            raise InvalidCredentialError("it is not a regular file of the guest's user")
        return file.read(MAX_CREDENTIAL_BYTES + 1)


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
