"""Admission: whether there is room for one more machine, and if not, what is lacking.

Two kinds of lack.  Places and memory are *full*: who cannot wait is refused.  Starts under way and a busy
processor only say *not now*: who waits in the line waits a moment longer, and nobody is refused for them but
who cannot wait and would overtake those that do.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping, Sequence

from vestibule.core.errors import Unavailable
from vestibule.core.ids import GoldenId, SessionId, UserId
from vestibule.core.machines import DriverName, MachineRecord, MachineStatus, Warmth

HOST_SATURATED = "host_saturated"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """What the settings allow."""

    max_machines: int
    max_machines_per_user: int
    max_starts: int
    """Machines that may be on their way to a confirmed agent at a time."""
    need_mib: int
    """Memory that a machine is promised while it starts: clones share most of what they are allowed."""
    reserve_mib: int
    """Memory of the host that no start may touch."""
    max_memory_pressure: float
    """Percent of the last ten seconds in which nothing on the host could go on for want of memory."""
    max_cpu_pressure: float
    """Percent of the last ten seconds in which something waited for a processor."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Room:
    """What the host has, now; None where its kernel does not tell."""

    available_mib: int | None
    memory_pressure: float | None
    cpu_pressure: float | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claimable:
    """What a machine of the warm pool must be of to be claimed: any other is ended soon."""

    driver: DriverName
    golden_id: GoldenId

    def fits(self, row: MachineRecord) -> bool:
        """Whether this machine is warm, and of these."""
        is_warm = row.warmth is Warmth.WARM and row.status is MachineStatus.CREATING
        return is_warm and row.driver == self.driver and row.golden_id == self.golden_id


@dataclasses.dataclass(frozen=True, kw_only=True)
class Load:
    """Machines that live or are about to, as one user meets them."""

    machines: int
    own: int
    starting: int
    warming: int = 0
    """Machines of the warm pool whose memory is promised and not used yet; nobody waits for their start."""
    warm: int = 0
    """Machines of the warm pool that this user could claim, and nobody else is about to."""


class LackKind(enum.StrEnum):
    """What is lacking, worst first."""

    MACHINES = "machines"
    OWN_MACHINES = "own_machines"
    MEMORY = "memory"
    MEMORY_PRESSURE = "memory_pressure"
    STARTS = "starts"
    CPU_PRESSURE = "cpu_pressure"


_NOT_NOW = frozenset({LackKind.STARTS, LackKind.CPU_PRESSURE})
_OF_MEMORY = frozenset({LackKind.MEMORY, LackKind.MEMORY_PRESSURE})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lack:
    """Why a machine is not started now."""

    kind: LackKind
    cause: str
    remedy: str

    @property
    def full(self) -> bool:
        """Whether that refuses who cannot wait."""
        return self.kind not in _NOT_NOW

    @property
    def of_memory(self) -> bool:
        """Whether a machine less would help that does nothing but take memory."""
        return self.kind in _OF_MEMORY

    def refusal(self) -> Unavailable:
        """The error of who cannot wait."""
        return Unavailable(self.cause, remedy=self.remedy, code=HOST_SATURATED)

    def before_others(self) -> Unavailable:
        """The error of who cannot wait while others do, for this."""
        cause = f"Sign-ins wait for a machine, and come first: {_begun_small(self.cause)}"
        return Unavailable(cause, remedy="Wait until they have theirs, and try again.", code=HOST_SATURATED)

    def waited(self, timeout_s: float) -> Unavailable:
        """The error of who has waited for so long."""
        cause = f"There was no room for a machine within {timeout_s:g} s: {_begun_small(self.cause)}"
        return Unavailable(cause, remedy=self.remedy, code=HOST_SATURATED)


_Look = Callable[[Rules, Load, Room], Lack | None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the line a sign-in waits, from 1, and why."""

    number: int
    lack: Lack


def load_of(
    live: Sequence[MachineRecord],
    granted: Mapping[SessionId, UserId],
    user_id: UserId,
    claimable: Claimable | None = None,
) -> Load:
    """The rows that live, and the sign-ins that have their turn and no row yet.

    The warm pool's are nobody's: they take no place and no start of people's.  The memory that they have is
    missing all the same; what cannot be ``claimable`` makes nobody wait for it, the pool ends it.
    """
    rowed = {row.session_id for row in live}
    coming = [owner for session_id, owner in granted.items() if session_id not in rowed]
    given = [row for row in live if row.warmth is None]
    warm = sum(map(claimable.fits, live)) if claimable else 0
    return Load(
        machines=len(given) + len(coming),
        own=sum(row.user_id == user_id for row in given) + coming.count(user_id),
        starting=sum(_starts(row) for row in given) + len(coming),
        warming=sum(_starts(row) for row in live if row.warmth is not None),
        warm=max(0, warm - len(coming)),
    )


def load_with_pool(live: Sequence[MachineRecord], granted: Mapping[SessionId, UserId]) -> Load:
    """The same as one more machine of the warm pool meets it: all count, and none is its own."""
    coming = granted.keys() - {row.session_id for row in live}
    return Load(
        machines=len(live) + len(coming), own=0, starting=sum(_starts(row) for row in live) + len(coming)
    )


def _starts(row: MachineRecord) -> bool:
    under_way = row.agent_build is None and row.warmth is not Warmth.WARM
    return under_way and row.status is not MachineStatus.STOPPING


def lacking(rules: Rules, load: Load, room: Room) -> Lack | None:
    """The first thing that speaks against starting one more machine; None when nothing does."""
    return _first(_LOOKS, rules, load, room)


def lacking_place(rules: Rules, load: Load, room: Room) -> Lack | None:
    """What speaks against taking a warm one, which has all that it needs of the host."""
    return _first(_PLACES, rules, load, room)


def _first(looks: Sequence[_Look], rules: Rules, load: Load, room: Room) -> Lack | None:
    found = (look(rules, load, room) for look in looks)
    return next((lack for lack in found if lack is not None), None)


def _machines(rules: Rules, load: Load, _room: Room) -> Lack | None:
    if load.machines < rules.max_machines:
        return None
    return _too_many(LackKind.MACHINES, f"{_count(load.machines)} run", "max_machines")


def _own_machines(rules: Rules, load: Load, _room: Room) -> Lack | None:
    if load.own < rules.max_machines_per_user:
        return None
    what = f"{_count(load.own)} of yours run"
    return _too_many(LackKind.OWN_MACHINES, what, "max_machines_per_user")


def _too_many(kind: LackKind, what: str, setting: str) -> Lack:
    return Lack(
        kind=kind,
        cause=f"{what}, the most that {setting} allows.",
        remedy=f"Wait for one to end, stop one (vestibule vm stop), or raise {setting}.",
    )


def _memory(rules: Rules, load: Load, room: Room) -> Lack | None:
    coming = load.starting + load.warming
    promised = coming * rules.need_mib
    if room.available_mib is None or room.available_mib - promised - rules.need_mib >= rules.reserve_mib:
        return None
    started = f", {promised} MiB of it promised to {_count(coming)} that start" if promised else ""
    return Lack(
        kind=LackKind.MEMORY,
        cause=f"The host has {room.available_mib} MiB of memory available{started}; a machine needs"
        f" {rules.need_mib} MiB, and {rules.reserve_mib} MiB stay free.",
        remedy="Wait for a machine to end, give the host more memory, or lower host_reserve_mib.",
    )


def _memory_pressure(rules: Rules, _load: Load, room: Room) -> Lack | None:
    if room.memory_pressure is None or room.memory_pressure < rules.max_memory_pressure:
        return None
    return Lack(
        kind=LackKind.MEMORY_PRESSURE,
        cause=f"The host stood still for want of memory in {room.memory_pressure:.0f} % of the last ten"
        f" seconds; from {rules.max_memory_pressure:g} % on nothing is started.",
        remedy="Wait for a machine to end, end what else uses memory, or raise max_memory_pressure.",
    )


def _starting(rules: Rules, load: Load, _room: Room) -> Lack | None:
    if load.starting < rules.max_starts:
        return None
    return Lack(
        kind=LackKind.STARTS,
        cause=f"{_count(load.starting)} start just now, as many at a time as max_starts allows.",
        remedy="Wait a moment: it goes on by itself.",
    )


def _cpu_pressure(rules: Rules, load: Load, room: Room) -> Lack | None:
    """A busy host still starts one at a time, so that what others keep busy is not waited for in vain."""
    if not load.starting or room.cpu_pressure is None or room.cpu_pressure < rules.max_cpu_pressure:
        return None
    return Lack(
        kind=LackKind.CPU_PRESSURE,
        cause=f"In {room.cpu_pressure:.0f} % of the last ten seconds something waited for a processor; from"
        f" {rules.max_cpu_pressure:g} % on machines start one at a time.",
        remedy="Wait a moment: it goes on by itself.",
    )


_PLACES: Sequence[_Look] = (_machines, _own_machines)
_LOOKS: Sequence[_Look] = (
    *_PLACES,
    _memory,
    _memory_pressure,
    _starting,
    _cpu_pressure,
)
"""In the order of LackKind."""


def _count(machines: int) -> str:
    return "1 machine" if machines == 1 else f"{machines} machines"


def _begun_small(cause: str) -> str:
    return cause[:1].lower() + cause[1:]
