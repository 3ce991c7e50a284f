"""From fork to exec: how a machine's first process comes to be, unprivileged and with nothing inherited."""

from __future__ import annotations

import dataclasses
import fcntl
import itertools
import os
import resource
import signal
from collections.abc import Mapping, Sequence
from typing import NoReturn

from vestibule.drivers.net import namespaces

_ABOVE_TARGETS = 512
_MAX_FD = 1_048_576
_FILE_BYTES = 256 << 20
"""A machine's console is a file of the host: what runs in there must not fill the host's disk with it."""
_OPEN_FILES = 16_384
NICENESS = 5
"""Machines yield to the controller where they have no control group, whose share says it otherwise."""
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
"""Nothing of the controller's environment reaches a machine."""


class StartError(Exception):
    """A step between fork and exec failed: ``stage`` and the errno."""

    def __init__(self, stage: str, number: int) -> None:
        super().__init__(f"{stage}: {os.strerror(number)}")
        self.stage = stage
        self.number = number


@dataclasses.dataclass(frozen=True, kw_only=True)
class Child:
    """What to start: descriptors are the caller's; ``fds`` is number in the child → descriptor."""

    argv: Sequence[str]
    network: int
    log: int
    cgroups: Sequence[int]
    fds: Mapping[int, int]


def start(child: Child) -> int:
    """Fork and exec; returns the pid once the program runs.  Raises StartError."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(child, parent, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as report:
        text = report.read().decode()
    if text:
        os.waitpid(pid, 0)
        number, _, stage = text.partition(" ")
        raise StartError(stage, int(number))
    return pid


def _become(child: Child, parent: int, report: int) -> NoReturn:
    """In the child: never returns; the report pipe closes by exec, or carries the errno and the stage."""
    stage = "namespace"
    try:
        report = _lift(report)
        os.setsid()
        namespaces.setns(child.network, namespaces.CLONE_NEWNET)
        stage = "cgroup"
        _join(child.cgroups)
        stage = "descriptors"
        _arrange(child, report)
        stage = "privileges"
        _give_up(parent)
        stage = f"exec {child.argv[0]}"
        os.execvpe(child.argv[0], list(child.argv), _ENVIRONMENT)  # noqa: S606 - no shell is the point
    except OSError as error:
        os.write(report, f"{error.errno} {stage}".encode())
    finally:
        os._exit(127)


def _lift(fd: int) -> int:
    """A copy above every number that a machine asks for, closed by exec."""
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _ABOVE_TARGETS)


def _join(cgroups: Sequence[int]) -> None:
    """The kernel checks the right to move a process against who opened the file, not who writes."""
    for cgroup in cgroups:
        os.write(cgroup, b"0")


def _arrange(child: Child, report: int) -> None:
    """Renumber: null, log, log, then ``fds``; close every other descriptor but the report."""
    log = _lift(child.log)
    wanted = {0: _lift(os.open(os.devnull, os.O_RDWR)), 1: log, 2: log}
    wanted |= {number: _lift(source) for number, source in child.fds.items()}
    for number, source in wanted.items():
        os.dup2(source, number, inheritable=True)
    kept = sorted([*wanted, report])
    for low, high in itertools.pairwise([*kept, _MAX_FD]):
        os.closerange(low + 1, high)


def _give_up(parent: int) -> None:
    """Nothing may be regained; death of the broker is death of the machine."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, _open_files())
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    namespaces.prctl(namespaces.PR_SET_NO_NEW_PRIVS, 1)
    namespaces.drop_capabilities()
    namespaces.prctl(namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _open_files() -> tuple[int, int]:
    """A soft limit may be raised up to the hard one only."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    return files, files
