"""The broker process: one thread, so that it may move between network namespaces.

Run as ``python -m vestibule.drivers.net.broker FD [UID GID]`` by the controller, which holds the other end
of the socket FD; when that end closes, every machine is killed and the broker ends.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence

from vestibule.drivers.net import child, confinement, loopback, messages, namespaces, processes

GRACE_S = 2.0
"""Between SIGTERM and SIGKILL."""
_BACKLOG = 64


@dataclasses.dataclass(kw_only=True)
class _Machine:
    """One namespace and its process; ``network`` is a descriptor that keeps the namespace alive."""

    network: int
    inode: int
    pid: int | None = None
    destroyers: list[int] = dataclasses.field(default_factory=list)
    """Numbers of the Destroy requests to answer once nothing is left."""
    kill_at: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Answer:
    done: messages.Done
    socket: socket.socket | None = None


class Broker:
    """Serves one controller over ``channel`` until it goes away."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._machines: dict[str, _Machine] = {}
        self._home = _this_network()
        self._woken, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def run(self) -> None:
        """Serve; returns after the controller has gone and the last machine has ended."""
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        try:
            while self._turn({fd for fd, _event in poll.poll(self._patience_ms())}):
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass  # the controller has gone; that is what the end of the loop is for
        finally:
            self._end_all()

    def _turn(self, ready: set[int]) -> bool:
        """One round of the loop; False when the controller has gone."""
        if self._woken in ready:
            self._reap()
        if self._channel.fileno() in ready and not self._serve():
            return False
        for vm_id in [vm_id for vm_id, machine in self._machines.items() if machine.destroyers]:
            self._advance(vm_id)
        return True

    def _patience_ms(self) -> int | None:
        """Until the next SIGKILL is due; the end of a killed process wakes the loop by itself."""
        deadlines = [machine.kill_at for machine in self._machines.values() if machine.kill_at is not None]
        return max(0, int((min(deadlines) - time.monotonic()) * 1000) + 1) if deadlines else None

    # -- requests ------------------------------------------------------------------------------------

    def _serve(self) -> bool:
        received = messages.receive(self._channel)
        if received is None:
            return False
        request, fds = received
        if isinstance(request, messages.Destroy):
            self._destroy(request)
            return True
        try:
            self._reply(self._attempt(request, fds))
        finally:
            for fd in fds:
                os.close(fd)
        return True

    def _reply(self, answer: _Answer) -> None:
        if answer.socket is None:
            messages.send(self._channel, answer.done)
            return
        with answer.socket:
            messages.send(self._channel, answer.done, [answer.socket.fileno()])

    def _attempt(self, request: messages.Message, fds: Sequence[int]) -> _Answer:
        """Carry a request out; a refusal of the kernel becomes its answer."""
        number = getattr(request, "number", 0)
        try:
            return self._carry_out(request, fds)
        except child.StartError as error:
            return _Answer(done=messages.Done(number=number, errno=error.number, stage=error.stage))
        except OSError as error:
            stage = type(request).__name__.lower()
            return _Answer(done=messages.Done(number=number, errno=error.errno or errno.EIO, stage=stage))

    def _carry_out(self, request: messages.Message, fds: Sequence[int]) -> _Answer:
        match request:
            case messages.Create():
                return self._create(request)
            case messages.Spawn():
                return self._spawn(request, fds)
            case messages.Open():
                return self._open(request)
            case messages.Listen():
                return self._listen(request)
            case _:
                raise ValueError(f"not a request: {type(request).__name__}")

    def _create(self, request: messages.Create) -> _Answer:
        if request.vm_id in self._machines:
            raise FileExistsError(errno.EEXIST, request.vm_id)
        try:
            namespaces.unshare(namespaces.CLONE_NEWNET)
            loopback.bring_up(request.addresses)
            network = _this_network()
        finally:
            namespaces.setns(self._home, namespaces.CLONE_NEWNET)
        self._machines[request.vm_id] = _Machine(network=network, inode=os.fstat(network).st_ino)
        return _Answer(done=messages.Done(number=request.number))

    def _spawn(self, request: messages.Spawn, fds: Sequence[int]) -> _Answer:
        machine = self._find(request.vm_id)
        if machine.pid is not None:
            raise FileExistsError(errno.EEXIST, request.vm_id)
        first = 1 + request.cgroups
        machine.pid = child.start(
            child.Child(
                argv=request.argv,
                network=machine.network,
                log=fds[0],
                cgroups=fds[1:first],
                fds=dict(zip(request.targets, fds[first:], strict=True)),
            )
        )
        return _Answer(done=messages.Done(number=request.number, pid=machine.pid))

    def _open(self, request: messages.Open) -> _Answer:
        with self._inside(request.vm_id):
            stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        return _Answer(done=messages.Done(number=request.number), socket=stream)

    def _listen(self, request: messages.Listen) -> _Answer:
        with self._inside(request.vm_id):
            listener = socket.create_server((request.host, request.port), backlog=_BACKLOG)
        return _Answer(done=messages.Done(number=request.number), socket=listener)

    def _find(self, vm_id: str) -> _Machine:
        machine = self._machines.get(vm_id)
        if machine is None or machine.destroyers:
            raise ProcessLookupError(errno.ESRCH, vm_id)
        return machine

    @contextlib.contextmanager
    def _inside(self, vm_id: str) -> Iterator[None]:
        namespaces.setns(self._find(vm_id).network, namespaces.CLONE_NEWNET)
        try:
            yield
        finally:
            namespaces.setns(self._home, namespaces.CLONE_NEWNET)

    # -- the end of machines ---------------------------------------------------------------------------

    def _destroy(self, request: messages.Destroy) -> None:
        machine = self._machines.get(request.vm_id)
        if machine is None:
            messages.send(self._channel, messages.Done(number=request.number))
            return
        machine.destroyers.append(request.number)
        if machine.pid is not None and machine.kill_at is None:
            machine.kill_at = time.monotonic() + GRACE_S
            _signal_group(machine.pid, signal.SIGTERM)

    def _advance(self, vm_id: str) -> None:
        """Take a destruction as far as it goes now; it is done when nothing of the machine is left."""
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
        left = [pid for pid in processes.children(os.getpid()) if pid not in firsts]
        mine = [pid for pid in left if processes.network_of(pid) in (machine.inode, None)]
        for pid in mine:
            _signal(pid, signal.SIGKILL)
        return bool(mine)

    def _forget(self, vm_id: str) -> None:
        machine = self._machines.pop(vm_id)
        os.close(machine.network)
        for number in machine.destroyers:
            messages.send(self._channel, messages.Done(number=number))

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._note_end(*ended)

    def _note_end(self, pid: int, status: int) -> None:
        for vm_id, machine in self._machines.items():
            if machine.pid == pid:
                machine.pid = None
                number = os.waitstatus_to_exitcode(status)
                code, by = (number, None) if number >= 0 else (None, -number)
                messages.send(self._channel, messages.Exited(vm_id=vm_id, code=code, signal=by))

    def _end_all(self) -> None:
        """The controller has gone: kill every child until there is none."""
        with contextlib.suppress(ChildProcessError):
            while True:
                for pid in processes.children(os.getpid()):
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


def main() -> int:
    """Confine this process, say so, serve.  Exit code 0; 1 when the host does not allow it."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    identity = confinement.Identity(uid=int(sys.argv[2]), gid=int(sys.argv[3])) if sys.argv[2:] else None
    try:
        confinement.confine(identity)
    except confinement.StageError as error:
        messages.send(channel, messages.Unfit(stage=error.stage, errno=error.number))
        return 1
    messages.send(channel, messages.Ready(version=messages.VERSION, uid=os.getuid()))
    Broker(channel).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
