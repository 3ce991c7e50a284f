"""What a viewer passes to and from a machine besides its picture: clipboard, files, the terminal's keys.

Clipboard text is a secret like whatever is typed: it is remembered only as what no screen that is kept may
show, and is in no log, no event, no row.  Of files, the audit has names and sizes.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

import structlog

from vestibule.core.errors import BadInput, NotAllowed, VestibuleError
from vestibule.core.file_transfer import FilePolicy
from vestibule.core.ids import UserId, VmId
from vestibule.core.typed_texts import SHORTEST_COPY, TypedTexts
from vestibule.services.machines import Machines
from vestibule.services.ports import Guest, GuestFile
from vestibule.services.sign_ins import SignIns
from vestibule_agent.file_names import checked
from vestibule_agent.protocol import MAX_CLIPBOARD_BYTES, Copied, DownloadsFile

log = structlog.get_logger()


class Viewing:
    """One per controller."""

    def __init__(self, *, machines: Machines, sign_ins: SignIns, policy: FilePolicy) -> None:
        self._machines = machines
        self._sign_ins = sign_ins
        self.policy = policy

    async def guest(self, user_id: UserId, vm_id: VmId) -> Guest:
        """The agent of one of the user's machines, which has something of theirs from now on.

        Raises Absent, Conflict ``machine_unconfirmed``.
        """
        record = await self._machines.of_owner(user_id, vm_id)
        guest = self._machines.guest(record.vm_id)
        self._machines.expose(vm_id)
        return guest

    async def set_clipboard(self, user_id: UserId, vm_id: VmId, text: str) -> None:
        """Put a text on the machine's clipboard; a sign of life.  Raises as ``guest``, and BadInput."""
        if len(text.encode(errors="replace")) > MAX_CLIPBOARD_BYTES:
            raise BadInput(
                f"The text is longer than {MAX_CLIPBOARD_BYTES} bytes.",
                remedy="Copy less at once, or pass it as a file.",
                code="too_large",
            )
        guest = await self.guest(user_id, vm_id)
        await self.typed(vm_id, text)
        await guest.set_clipboard(text)
        await self.used(vm_id)

    async def copies(self, vm_id: VmId, after: int | None) -> AsyncIterator[Copied]:
        """What is copied in a machine, for its owner, who looks on.  Raises as ``Machines.guest``."""
        async for copied in self._machines.guest(vm_id).copies(after):
            if copied.text is not None and len(copied.text.strip()) >= SHORTEST_COPY:
                await self.typed(vm_id, copied.text)
            yield copied

    async def used(self, vm_id: VmId) -> None:
        """A sign of life, if that can be kept: what it was a sign of has been done, and is not undone."""
        try:
            await self._sign_ins.viewer_used(vm_id)
        except VestibuleError as error:  # a full disk
            log.warning("A sign of life could not be kept", code=error.failure_code, cause=error.cause)

    async def typed(self, vm_id: VmId, text: str) -> None:
        """Remember what a person typed, or might: no screen that is kept may show it."""
        if await self._sign_ins.viewer_typed(vm_id, text):
            return
        known = TypedTexts()
        for one in (*self._machines.live(vm_id).typed, text):
            known.add(one)
        await self._machines.note_typed(vm_id, known.texts)

    async def files(self, user_id: UserId, vm_id: VmId) -> Sequence[DownloadsFile]:
        """What is in the machine's Downloads; nothing where nothing may come out."""
        guest = await self.guest(user_id, vm_id)
        return (await guest.files()).files if self.policy.download else []

    async def upload(
        self, user_id: UserId, vm_id: VmId, name: str, size: int, chunks: AsyncIterator[bytes]
    ) -> DownloadsFile:
        """Put a file into the machine's Downloads, as it comes; a sign of life.

        Raises as ``guest``; NotAllowed ``file_transfer_off``; BadInput, with ``file_too_large`` and
        ``upload_broken_off``; Conflict ``guest_disk_full``.
        """
        if not self.policy.upload:
            raise _off("into machines")
        try:
            checked(name)
        except ValueError as error:
            raise BadInput(f"No file can have this name: {error}.", remedy="Give it another name.") from error
        self._check_size(size)
        guest = await self.guest(user_id, vm_id)
        given = await guest.take_in(name, size, _whole(chunks, size), quota=self.policy.quota_bytes)
        await self.used(vm_id)
        return given

    @contextlib.asynccontextmanager
    async def download(self, user_id: UserId, vm_id: VmId, file: str) -> AsyncIterator[GuestFile]:
        """One of the files, as it is sent; a sign of life.

        Raises as ``guest``; NotAllowed ``file_transfer_off``; BadInput ``file_too_large``; Absent
        ``file_absent``.
        """
        if not self.policy.download:
            raise _off("out of machines")
        guest = await self.guest(user_id, vm_id)
        async with guest.file(file) as found:
            self._check_size(found.size)
            await self.used(vm_id)
            yield found

    def _check_size(self, size: int) -> None:
        if size > self.policy.max_bytes:
            raise BadInput(
                f"The file has {size} bytes; at most {self.policy.max_bytes} may pass.",
                remedy="Pass a smaller one; the operator can raise file_max_mib.",
                code="file_too_large",
            )


def _off(way: str) -> NotAllowed:
    return NotAllowed(
        f"Files may not go {way} here.",
        remedy="The operator decides that: file_transfer.",
        code="file_transfer_off",
    )


async def _whole(chunks: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """All of them, if they are ``size`` bytes.  Raises BadInput ``upload_broken_off``."""
    left = size
    async for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            break
        if chunk:
            yield chunk
    if left != 0:
        raise BadInput(
            f"The file was to have {size} bytes, and did not come so.",
            remedy="Send it again.",
            code="upload_broken_off",
        )
