"""Memory, process and CPU limits of a machine: a control group of its own (cgroups(7)).

Where they come from, best first:

======= ============================================================== =====================================
kind    where                                                          needs
======= ============================================================== =====================================
v2      below the controller's own delegated group, or ``/vestibule``  a delegated scope; root for the other
v1      below the controller's own group in memory, pids, cpu          root
none    processes alone are limited (RLIMIT_NPROC)                     nothing
======= ============================================================== =====================================

Of v1 the freezer is used too, where it is there: a machine is paused through its group, as with v2.

The controller makes the groups and opens ``cgroup.procs``; the machine's process joins through that
descriptor before it gives up anything, because the kernel asks who *opened* the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import enum
import errno
import os
import time
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from vestibule.core.ids import VmId
from vestibule.core.machines import Limits, MachineMemory
from vestibule.drivers.proc import is_killed


@dataclasses.dataclass(frozen=True, kw_only=True)
class Switch:
    """A file of a group that freezes its processes: what is written to it."""

    file: str
    freeze: str
    thaw: str


_CONTROLLERS = ("memory", "pids", "cpu")
_FREEZER = "freezer"
_SWITCHES = {
    "": Switch(file="cgroup.freeze", freeze="1", thaw="0"),
    _FREEZER: Switch(file="freezer.state", freeze="FROZEN", thaw="THAWED"),
}
"""By hierarchy: that of v2, or v1's freezer."""
_PREFIX = "vestibule-"
_LEAF = "vestibule-controller"
"""v2 allows no process in a group with children that have limits; the controller moves into this one."""
_PERIOD_US = 100_000
_SHARE = 0.25
"""Of the processor, where it is short, beside a process of the controller: a page must answer while many
machines start.  Niceness alone does not do that: it is compared within one group only."""
_JOINED_WITHIN_S = 60.0
"""An empty group that is younger may be about to be joined: by a machine of another controller, too."""
_REMOVE_ATTEMPTS = 50
_REMOVE_PAUSE_S = 0.02


class Kind(enum.StrEnum):
    """How machines are limited on this host."""

    V2 = "cgroup v2"
    V1 = "cgroup v1"
    NONE = "rlimits"


@dataclasses.dataclass(frozen=True, kw_only=True)
class LimitsReport:
    """For doctor: what is enforced, and how to have more where something is not (else None)."""

    kind: Kind
    memory: bool
    pids: bool
    cpu: bool
    freezer: bool
    """Whether machines are paused by their group; else by signals."""
    where: str
    remedy: str | None


class Cgroups:
    """Makes and removes the groups of machines.

    ``bases`` is controller → folder of all machines' groups ("" for the one of v2), ``mount`` where all lie.
    """

    def __init__(self, kind: Kind, bases: Mapping[str, Path], mount: Path) -> None:
        self._kind = kind
        self._bases = dict(bases)
        self._mount = mount
        self._adopted: dict[VmId, list[tuple[str, Path]]] = {}
        """Groups of machines that an earlier controller made, maybe elsewhere."""

    @classmethod
    def detect(
        cls, *, mount: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
    ) -> Cgroups:
        """Find what this process may use; may move it into a leaf of its own delegated v2 group."""
        memberships = _memberships(own)
        if (mount / "cgroup.controllers").exists():
            base = _v2_base(mount, memberships.get("", "/"))
            return cls(Kind.V2, {"": base}, mount) if base else cls(Kind.NONE, {}, mount)
        names = (*_CONTROLLERS, _FREEZER)
        bases = {name: _v1_base(mount / name, memberships.get(name, "/")) for name in names}
        found = {name: base for name, base in bases.items() if os.access(base, os.W_OK)}
        limits = "memory" in found and "pids" in found
        return cls(Kind.V1, found, mount) if limits else cls(Kind.NONE, {}, mount)

    def report(self) -> LimitsReport:
        """What is enforced here."""
        v2 = self._kind is Kind.V2
        return LimitsReport(
            kind=self._kind,
            memory=v2 or "memory" in self._bases,
            pids=True,
            cpu=v2 or "cpu" in self._bases,
            freezer=v2 or _FREEZER in self._bases,
            where=", ".join(str(base) for base in self._bases.values()) or "RLIMIT_NPROC in each machine",
            remedy=None if self._bases else _remedy(),
        )

    def create(self, vm_id: VmId, limits: Limits) -> None:
        """Make the machine's groups with its limits.  Raises OSError; nothing is left then."""
        try:
            for controller, folder in self._folders(vm_id):
                folder.mkdir(exist_ok=True)
                self._set(controller, folder, limits)
        except OSError:
            for _controller, folder in self._folders(vm_id):
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise

    @contextlib.contextmanager
    def joining(self, vm_id: VmId) -> Iterator[list[int]]:
        """Descriptors through which a process joins by writing ``0``."""
        with contextlib.ExitStack() as stack:
            files = [
                stack.enter_context((folder / "cgroup.procs").open("wb", buffering=0))
                for _controller, folder in self._folders(vm_id)
            ]
            yield [file.fileno() for file in files]

    @contextlib.contextmanager
    def switch(self, vm_id: VmId) -> Iterator[tuple[int, Switch] | None]:
        """A descriptor of the file that freezes the machine, and what to write; None where there is none."""
        for controller, folder in self._folders(vm_id):
            if (switch := _SWITCHES.get(controller)) is not None and (folder / switch.file).exists():
                with (folder / switch.file).open("r+b", buffering=0) as file:
                    yield file.fileno(), switch
                return
        yield None

    def adopt(self, vm_id: VmId, pid: int, *, proc: Path = Path("/proc")) -> None:
        """Find the groups that a machine was put into by an earlier controller, whose own were others."""
        try:
            memberships = _memberships(proc / str(pid) / "cgroup")
        except OSError:  # it has just ended: the groups are sought where ours are
            return
        found = [(name, self._mount / name / memberships.get(name, "/").lstrip("/")) for name in memberships]
        self._adopted[vm_id] = [
            (name, folder) for name, folder in found if folder.name == f"{_PREFIX}{vm_id}"
        ]

    def memory(self, vm_id: VmId) -> MachineMemory | None:
        """What the kernel has counted of the machine's memory; None where it has no group for that."""
        for controller, folder in self._folders(vm_id):
            with contextlib.suppress(
                OSError, KeyError, ValueError
            ):  # it has just gone, or is no memory group
                if controller == "memory":
                    return _memory_of_v1(folder)
                if controller == "":
                    return _memory_of_v2(folder)
        return None

    def thaw(self, vm_id: VmId) -> None:
        """Let a frozen machine go on, whose broker has gone: of v1, what is frozen is not even killed."""
        for controller, folder in self._folders(vm_id):
            _thaw(controller, folder)

    async def remove(self, vm_id: VmId) -> None:
        """Remove the machine's groups, whose processes have ended; the kernel may need a moment."""
        for _controller, folder in self._folders(vm_id):
            await _remove(folder)
        self._adopted.pop(vm_id, None)

    def sweep(self, live: AbstractSet[VmId]) -> None:
        """Remove empty groups that a killed controller left behind; what was killed while frozen can end.

        Those of another controller on this host lie beside ours: its paused machines stay paused, and what
        it has just made is left to it.
        """
        kept = {f"{_PREFIX}{vm_id}" for vm_id in live}
        for controller, base in self._bases.items():
            for folder in base.glob(f"{_PREFIX}vm-*"):
                if folder.name in kept:
                    continue
                if _was_killed(folder):
                    _thaw(controller, folder)
                if not _is_young(folder):
                    with contextlib.suppress(OSError):  # somebody lives in it
                        folder.rmdir()

    def _folders(self, vm_id: VmId) -> list[tuple[str, Path]]:
        ours = [(controller, base / f"{_PREFIX}{vm_id}") for controller, base in self._bases.items()]
        return self._adopted.get(vm_id, ours)

    def _set(self, controller: str, folder: Path, limits: Limits) -> None:
        memory, quota = str(limits.mem_mib << 20), limits.vcpus * _PERIOD_US
        wanted = {
            "memory": {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory},
            "pids": {"pids.max": str(limits.pids)},
            "cpu": {
                "cpu.cfs_period_us": str(_PERIOD_US),
                "cpu.cfs_quota_us": str(quota),
                "cpu.shares": str(round(_SHARE * 1024)),
            },
            "": {
                "memory.max": memory,
                "memory.swap.max": "0",
                "pids.max": str(limits.pids),
                "cpu.max": f"{quota} {_PERIOD_US}",
                "cpu.weight": str(round(_SHARE * 100)),
            },
        }
        for name, value in wanted.get(controller, {}).items():
            _write(folder / name, value)


def _write(file: Path, value: str) -> None:
    """Set a limit; only the swap files may be missing (a kernel without swap accounting)."""
    if "sw" in file.name and not file.exists():
        return
    file.write_text(value)


def _memory_of_v1(folder: Path) -> MachineMemory:
    """Where memory and swap together are limited to the same, that limit is hit first, and counts it."""
    counters = [folder / name for name in ("memory.failcnt", "memory.memsw.failcnt")]
    return MachineMemory(
        oom_kills=_counted(folder / "memory.oom_control")["oom_kill"],
        limit_hits=sum(_number(counter) for counter in counters if counter.exists()),
        limit_mib=_number(folder / "memory.limit_in_bytes") >> 20,
        peak_mib=_number(folder / "memory.max_usage_in_bytes") >> 20,
    )


def _memory_of_v2(folder: Path) -> MachineMemory:
    events, peak = _counted(folder / "memory.events"), folder / "memory.peak"
    return MachineMemory(
        oom_kills=events["oom_kill"],
        limit_hits=events["oom"],
        limit_mib=_number(folder / "memory.max") >> 20,
        peak_mib=_number(peak) >> 20 if peak.exists() else None,
    )


def _counted(file: Path) -> Mapping[str, int]:
    """A file of lines "name number"."""
    return {
        name: int(count) for name, _, count in (line.partition(" ") for line in file.read_text().splitlines())
    }


def _number(file: Path) -> int:
    return int(file.read_text())


def _thaw(controller: str, folder: Path) -> None:
    switch = _SWITCHES.get(controller)
    if switch is not None:
        with contextlib.suppress(OSError):  # it has no such file, or has gone
            (folder / switch.file).write_text(switch.thaw)


def _is_young(folder: Path) -> bool:
    try:
        age_s = time.time() - folder.stat().st_mtime
    except OSError:  # it has just gone
        return True
    return age_s < _JOINED_WITHIN_S


def _was_killed(folder: Path) -> bool:
    """Whether a process of the group has a SIGKILL to come, which a frozen one of v1 does not hear."""
    try:
        pids = [int(word) for word in (folder / "cgroup.procs").read_text().split()]
    except OSError:
        return False
    return any(is_killed(pid) for pid in pids)


async def _remove(folder: Path) -> None:
    for _attempt in range(_REMOVE_ATTEMPTS):
        if _removed(folder):
            return
        await asyncio.sleep(_REMOVE_PAUSE_S)
    raise OSError(errno.EBUSY, "processes are left in the control group", str(folder))


def _removed(folder: Path) -> bool:
    """False while the kernel still counts a process in it."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False
    return True


def _memberships(own: Path) -> dict[str, str]:
    """Controller → path of this process's group; "" is the v2 hierarchy."""
    found: dict[str, str] = {}
    for line in own.read_text().splitlines():
        _number, controllers, path = line.split(":", 2)
        found |= dict.fromkeys(controllers.split(","), path)
    return found


def _v1_base(hierarchy: Path, path: str) -> Path:
    """Below our own group, so that a machine never escapes the controller's own limits."""
    own = hierarchy / path.lstrip("/")
    return own if own.is_dir() else hierarchy


def _v2_base(mount: Path, path: str) -> Path | None:
    own = mount / path.lstrip("/")
    if own.name == _LEAF:
        return own.parent
    if _is_delegated(own):
        return own if _move_into_leaf(own) and _enable(own) else None
    if os.geteuid() == 0:
        top = mount / "vestibule"
        return top if _enable(mount) and _make(top) and _enable(top) else None
    return None


def _is_delegated(own: Path) -> bool:
    """Whether systemd handed the group over to whom it started, which its mark tells.

    That an ordinary user may write to it is not enough: every application of theirs lies in such groups.
    """
    for mark in ("trusted.delegate", "user.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(own, mark) == b"1":
                return True
    return False


def _move_into_leaf(own: Path) -> bool:
    leaf = own / _LEAF
    if not _make(leaf):
        return False
    try:
        for pid in (own / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                (leaf / "cgroup.procs").write_text(pid)
    except OSError:
        return False
    return True


def _make(folder: Path) -> bool:
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return False
    return True


def _enable(group: Path) -> bool:
    """Give the group's children the controllers; they may already have them."""
    have = set((group / "cgroup.subtree_control").read_text().split())
    missing = [name for name in _CONTROLLERS if name not in have]
    try:
        if missing:
            (group / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in missing))
    except OSError:
        return False
    return True


def _remedy() -> str:
    if os.geteuid() == 0:
        return "Mount the control groups with the controllers memory, pids and cpu (systemd does)."
    return "Start the controller with: systemd-run --user --scope -p Delegate=yes vestibule serve"
