"""The broker's machines: what each is made of, what is kept of it, and how it ends.

A machine is a network namespace, one first process, whatever that started, and what a controller had kept
for the next one: a note and descriptors, in memory alone, as systemd keeps a service's (its fd store).
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence

from vestibule.drivers import proc
from vestibule.drivers.net import child, loopback, messages, namespaces, pausing

GRACE_S = 2.0
"""Between SIGTERM and SIGKILL."""
_BACKLOG = 64


@dataclasses.dataclass(kw_only=True)
class _Machine:
    """``network`` is a descriptor that keeps the namespace alive."""

    network: int
    inode: int
    pid: int | None = None
    pause: pausing.Pause | None = None
    """How its process is paused; None before it has one."""
    exited: messages.Exited | None = None
    ending: bool = False
    destroyers: list[int] = dataclasses.field(default_factory=list)
    """Numbers of the Destroy requests to answer once nothing is left."""
    kill_at: float | None = None
    note: str | None = None
    kept: dict[str, int] = dataclasses.field(default_factory=dict)

    def drop_kept(self) -> None:
        """Close what was kept."""
        while self.kept:
            os.close(self.kept.popitem()[1])

    def resume(self) -> None:
        """Let its processes go on; what is frozen could not even be killed."""
        if self.pause is not None:
            self.pause.resume()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What a request comes to: ``lent`` descriptors stay the fleet's, ``given`` is closed once it is sent."""

    done: messages.Done
    lent: Sequence[int] = ()
    given: socket.socket | None = None


class Fleet:
    """All machines of one broker; ``tell`` reaches the controller of the moment, if there is one."""

    def __init__(self, tell: Callable[[messages.Message], None]) -> None:
        self._tell = tell
        self._machines: dict[str, _Machine] = {}
        self._home = _this_network()

    @property
    def is_kept(self) -> bool:
        """Whether something of it was kept for another controller."""
        return any(machine.note is not None for machine in self._machines.values())

    @property
    def kill_at(self) -> float | None:
        """When the next SIGKILL is due, by the monotonic clock."""
        due = [machine.kill_at for machine in self._machines.values() if machine.kill_at is not None]
        return min(due, default=None)

    def attempt(self, request: messages.Message, fds: Sequence[int]) -> Answer:
        """Carry a request out; a refusal of the kernel becomes its answer."""
        number = getattr(request, "number", 0)
        try:
            return self._carry_out(request, fds)
        except child.StartError as error:
            return Answer(done=messages.Done(number=number, errno=error.number, stage=error.stage))
        except OSError as error:
            stage = type(request).__name__.lower()
            return Answer(done=messages.Done(number=number, errno=error.errno or errno.EIO, stage=stage))

    def _carry_out(self, request: messages.Message, fds: Sequence[int]) -> Answer:
        match request:
            case messages.Create():
                return self._create(request)
            case messages.Spawn():
                return self._spawn(request, fds)
            case messages.Open() | messages.Listen():
                return self._socket(request)
            case messages.Pause() | messages.Resume():
                return self._pause_or_resume(request)
            case _:
                return self._hand_on(request, fds)

    def _hand_on(self, request: messages.Message, fds: Sequence[int]) -> Answer:
        match request:
            case messages.Keep():
                return self._keep(request, fds)
            case messages.Adopt():
                return self._adopt(request)
            case messages.Census():
                return Answer(done=messages.Done(number=request.number, names=list(self._machines)))
            case _:
                raise ValueError(f"not a request: {type(request).__name__}")

    def _create(self, request: messages.Create) -> Answer:
        if request.vm_id in self._machines:
            raise FileExistsError(errno.EEXIST, request.vm_id)
        try:
            namespaces.unshare(namespaces.CLONE_NEWNET)
            loopback.bring_up(request.addresses)
            network = _this_network()
        finally:
            namespaces.setns(self._home, namespaces.CLONE_NEWNET)
        self._machines[request.vm_id] = _Machine(network=network, inode=os.fstat(network).st_ino)
        return Answer(done=messages.Done(number=request.number))

    def _spawn(self, request: messages.Spawn, fds: Sequence[int]) -> Answer:
        machine = self._find(request.vm_id)
        if machine.pid is not None:
            raise FileExistsError(errno.EEXIST, request.vm_id)
        freezer = 1 + request.cgroups
        first = freezer + (1 if request.freezer else 0)
        machine.pid = child.start(
            child.Child(
                argv=request.argv,
                network=machine.network,
                log=fds[0],
                cgroups=fds[1:freezer],
                fds=dict(zip(request.targets, fds[first:], strict=True)),
            )
        )
        if request.freezer:
            machine.pause = pausing.Freezer(fds[freezer], *request.freezer)
        else:
            machine.pause = pausing.Signals(machine.pid)
        return Answer(done=messages.Done(number=request.number, pid=machine.pid))

    def _socket(self, request: messages.Open | messages.Listen) -> Answer:
        with self._inside(request.vm_id):
            if isinstance(request, messages.Listen):
                made = socket.create_server((request.host, request.port), backlog=_BACKLOG)
            else:
                made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        return Answer(done=messages.Done(number=request.number), given=made)

    def _find(self, vm_id: str) -> _Machine:
        machine = self._machines.get(vm_id)
        if machine is None or machine.ending:
            raise ProcessLookupError(errno.ESRCH, vm_id)
        return machine

    @contextlib.contextmanager
    def _inside(self, vm_id: str) -> Iterator[None]:
        namespaces.setns(self._find(vm_id).network, namespaces.CLONE_NEWNET)
        try:
            yield
        finally:
            namespaces.setns(self._home, namespaces.CLONE_NEWNET)

    # -- what goes on without a controller -------------------------------------------------------------

    def _keep(self, request: messages.Keep, fds: Sequence[int]) -> Answer:
        machine = self._find(request.vm_id)
        machine.drop_kept()
        for name, fd in zip(request.names, fds, strict=True):
            machine.kept[name] = os.dup(fd)
        machine.note = request.note
        return Answer(done=messages.Done(number=request.number))

    def _adopt(self, request: messages.Adopt) -> Answer:
        machine = self._find(request.vm_id)
        if machine.exited is not None:
            self._tell(machine.exited)
        if machine.pid is None:
            raise ProcessLookupError(errno.ESRCH, request.vm_id)
        if machine.note is None:
            raise OSError(errno.ENODATA, request.vm_id)
        machine.resume()
        done = messages.Done(
            number=request.number, pid=machine.pid, note=machine.note, names=list(machine.kept)
        )
        return Answer(done=done, lent=list(machine.kept.values()))

    def _pause_or_resume(self, request: messages.Pause | messages.Resume) -> Answer:
        machine = self._find(request.vm_id)
        if machine.pid is None or machine.pause is None:
            raise ProcessLookupError(errno.ESRCH, request.vm_id)
        if isinstance(request, messages.Pause):
            machine.pause.pause()
        else:
            machine.pause.resume()
        return Answer(done=messages.Done(number=request.number))

    def forget_askers(self) -> None:
        """The controller has gone: what it asked for goes on, and nobody is told."""
        for machine in self._machines.values():
            machine.destroyers.clear()

    # -- the end of machines ---------------------------------------------------------------------------

    def destroy(self, request: messages.Destroy) -> None:
        """Begin to end a machine; Done is told when nothing of it is left."""
        machine = self._machines.get(request.vm_id)
        if machine is None:
            self._tell(messages.Done(number=request.number))
            return
        machine.destroyers.append(request.number)
        if machine.pid is not None and not machine.ending:
            machine.kill_at = time.monotonic() + GRACE_S
            machine.resume()
            _signal_group(machine.pid, signal.SIGTERM)
        machine.ending = True

    def advance(self) -> None:
        """Take every destruction as far as it goes now."""
        for vm_id in [vm_id for vm_id, machine in self._machines.items() if machine.ending]:
            self._advance(vm_id)

    def _advance(self, vm_id: str) -> None:
        machine = self._machines[vm_id]
        if machine.pid is not None:
            if machine.kill_at is not None and time.monotonic() >= machine.kill_at:
                machine.kill_at = None
                _signal_group(machine.pid, signal.SIGKILL)
            return
        machine.kill_at = None
        if not self._kill_leftovers(machine):
            self._forget(vm_id)

    def _kill_leftovers(self, machine: _Machine) -> bool:
        """Kill what outlived the first process; True while something is left.

        The broker is their subreaper, so they are its children; one without a network is about to end.
        """
        firsts = {other.pid for other in self._machines.values()}
        left = [pid for pid in proc.children(os.getpid()) if pid not in firsts]
        mine = [pid for pid in left if proc.network_of(pid) in (machine.inode, None)]
        for pid in mine:
            _signal(pid, signal.SIGKILL)
        return bool(mine)

    def _forget(self, vm_id: str) -> None:
        machine = self._machines.pop(vm_id)
        os.close(machine.network)
        machine.drop_kept()
        if machine.pause is not None:
            machine.pause.close()
        for number in machine.destroyers:
            self._tell(messages.Done(number=number))

    def reap(self) -> None:
        """Take note of every process that has ended."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._note_end(*ended)

    def _note_end(self, pid: int, status: int) -> None:
        for vm_id, machine in self._machines.items():
            if machine.pid == pid:
                machine.pid = None
                number = os.waitstatus_to_exitcode(status)
                code, by = (number, None) if number >= 0 else (None, -number)
                machine.exited = messages.Exited(vm_id=vm_id, code=code, signal=by)
                self._tell(machine.exited)

    def end_all(self) -> None:
        """Kill every child until there is none."""
        for machine in self._machines.values():
            machine.resume()
        with contextlib.suppress(ChildProcessError):
            while True:
                for pid in proc.children(os.getpid()):
                    _signal(pid, signal.SIGKILL)
                os.waitpid(-1, 0)


def _this_network() -> int:
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
