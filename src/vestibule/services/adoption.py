"""Adoption: machines of a controller that is gone, taken over by the next one.

::

    confirmed ─▶ note (token, random sample, typed texts, open checks) ─▶ kept by the broker, in memory alone
    restart   ─▶ golden held ─▶ driver adopts ─▶ note ─▶ the agent is spoken to as before
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from vestibule.core.errors import Absent
from vestibule.core.machines import DriverName, MachineRecord, MachineStatus
from vestibule.services.golden_ports import GoldenStore
from vestibule.services.introductions import GuestFactory, Live
from vestibule.services.machine_settings import MachineSettings
from vestibule.services.ports import Machine, MachineDriver, RunFolders
from vestibule.services.threads import to_the_end

NOTE_ROOM_BYTES = 100_000
"""For typed texts: the broker's messages have a largest size."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Note:
    """What the next controller must know of a confirmed machine: secrets, which no disk may see."""

    token: str = dataclasses.field(repr=False)
    random_sample: str = dataclasses.field(repr=False)
    typed: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    """Texts that no screen that is kept may show."""
    pending: tuple[str, ...] = ()
    """Checks that its confirmation left open; a note of an earlier release tells of none."""

    @classmethod
    def of(cls, live: Live) -> Self:
        """Of a machine as it is now."""
        return cls(
            token=live.token,
            random_sample=live.random_sample,
            typed=_newest(live.typed),
            pending=tuple(sorted(live.pending)),
        )

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read what ``encode`` wrote.  Raises Absent when it is of another release."""
        try:
            raw = json.loads(text)
            return cls(
                token=raw["token"],
                random_sample=raw["random_sample"],
                typed=tuple(raw["typed"]),
                pending=tuple(raw.get("pending", ())),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise _unknown() from error

    def encode(self) -> str:
        """As text."""
        return json.dumps(dataclasses.asdict(self))


def _newest(typed: Sequence[str]) -> tuple[str, ...]:
    """As many of the last ones as a note has room for; one that is too long keeps no earlier one out."""
    room, kept = NOTE_ROOM_BYTES, list[str]()
    for text in reversed(typed):
        size = len(json.dumps(json.dumps(text)))  # a note is a text in a message
        if size > room:
            continue
        room -= size
        kept.append(text)
    return tuple(reversed(kept))


class Adoption:
    """One per ``Machines``."""

    def __init__(
        self,
        *,
        settings: MachineSettings,
        driver: Callable[[DriverName | None], MachineDriver],
        goldens: GoldenStore,
        folders: RunFolders,
        guest_of: GuestFactory,
    ) -> None:
        self._settings = settings
        self._driver = driver
        self._goldens = goldens
        self._folders = folders
        self._guest_of = guest_of

    async def adopt(self, row: MachineRecord) -> Live:
        """Take over a machine that had confirmed.  Raises Absent, MachineFailed, HostUnfit, GoldenFailed."""
        if row.status is not MachineStatus.RUNNING or row.agent_build is None:
            raise _unknown()
        hold = await to_the_end(lambda: self._goldens.hold(row.golden_id), undo=lambda hold: hold.release())
        try:
            machine, note = await self._taken_over(row)
        except BaseException:
            hold.release()
            raise
        guest = self._guest_of(machine, note.token)
        live = Live(
            record=row,
            machine=machine,
            agent_build=row.agent_build,
            agent_files=_ALREADY_COMPARED,
            hold=hold,
            guest=guest,
            witness=guest,
            private=True,  # who has looked at it before is not known any more
            token=note.token,
            random_sample=note.random_sample,
            typed=note.typed,
            pending=frozenset(note.pending),
        )
        live.settled.set()
        return live

    async def _taken_over(self, row: MachineRecord) -> tuple[Machine, Note]:
        """Machine and note; one whose note cannot be read is ended, as nobody could speak to it."""
        request = self._settings.request(row, self._folders.find(row.vm_id))
        machine, text = await self._driver(row.driver).adopt(request)
        try:
            return machine, Note.decode(text)
        except BaseException:
            await machine.stop()
            raise


_ALREADY_COMPARED: Mapping[str, str] = {}
"""The agent's files were, when it confirmed."""


def _unknown() -> Absent:
    return Absent(
        "The machine had not confirmed itself to the controller that started it.",
        remedy="Start again.",
        code="machine_unconfirmed",
    )
