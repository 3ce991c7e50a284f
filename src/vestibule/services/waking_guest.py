"""The agent of a machine that may be paused: it runs whenever it is asked something."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator

from vestibule.core.ids import VmId
from vestibule.services.pausing import Pausing
from vestibule.services.ports import Guest, GuestFile
from vestibule_agent.protocol import (
    Copied,
    Credential,
    DownloadsFile,
    DownloadsList,
    Event,
    Health,
    LoginSpec,
)


class WakingGuest:
    """Implements the port ``Guest``: all but ``alive`` and ``health`` is a sign of interest."""

    def __init__(self, guest: Guest, vm_id: VmId, pausing: Pausing) -> None:
        self._guest = guest
        self._vm_id = vm_id
        self._pausing = pausing

    async def alive(self) -> None:
        """See services.ports.Guest."""
        async with self._pausing.asked(self._vm_id):
            await self._guest.alive()

    async def health(self) -> Health:
        """See services.ports.Guest."""
        async with self._pausing.asked(self._vm_id):
            return await self._guest.health()

    async def events(self, after: int = 0) -> AsyncIterator[Event]:
        """See services.ports.Guest; it waits through a pause, and what happens keeps the machine going."""
        async for event in self._guest.events(after):
            await self._pausing.wake(self._vm_id)
            yield event

    async def login(self, spec: LoginSpec) -> None:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id):
            await self._guest.login(spec)

    async def open_url(self, url: str) -> None:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id):
            await self._guest.open_url(url)

    async def type_text(self, text: str, *, enter: bool) -> None:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id):
            await self._guest.type_text(text, enter=enter)

    async def screen(self) -> str:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id):
            return await self._guest.screen()

    async def claim_credential(self) -> Credential:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id):
            return await self._guest.claim_credential()

    async def open_vnc(self) -> socket.socket:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id):
            return await self._guest.open_vnc()

    async def open_terminal(self, columns: int, rows: int) -> socket.socket:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id):
            return await self._guest.open_terminal(columns, rows)

    async def set_clipboard(self, text: str) -> None:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id):
            await self._guest.set_clipboard(text)

    async def copies(self, after: int | None = None) -> AsyncIterator[Copied]:
        """See services.ports.Guest; who follows them watches, and keeps the machine going so."""
        async for copied in self._guest.copies(after):
            yield copied

    async def files(self) -> DownloadsList:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id):
            return await self._guest.files()

    async def take_in(
        self, name: str, size: int, chunks: AsyncIterator[bytes], *, quota: int
    ) -> DownloadsFile:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id):
            return await self._guest.take_in(name, size, chunks, quota=quota)

    @contextlib.asynccontextmanager
    async def file(self, file: str) -> AsyncIterator[GuestFile]:
        """See services.ports.Guest."""
        async with self._pausing.used(self._vm_id), self._guest.file(file) as found:
            yield found
