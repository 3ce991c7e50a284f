"""The bubblewrap command line of a container: pure, and tested against a golden file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from vestibule_desktop.messages import HANDOVER_FD_VARIABLE

HANDOVER_FD = 3
SECCOMP_FD = 4
FIRST_FILE_FD = 5

PERSON_ID = 1000
HOME = "/home/person"
FIRST = ("/usr/bin/python3", "-I", "/usr/lib/vestibule/vestibule_desktop")

_ENVIRONMENT = {
    "PATH": "/opt/vestibule/tools/node_modules/.bin:/usr/local/bin:/usr/bin:/bin",
    "HOME": HOME,
    "USER": "person",
    "LOGNAME": "person",
    "SHELL": "/bin/bash",
    "LANG": "C.UTF-8",
    "XDG_RUNTIME_DIR": "/run/user/1000",
    HANDOVER_FD_VARIABLE: str(HANDOVER_FD),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scratch:
    """A tmpfs in the container: path, mode, and its size as a share of the machine's memory."""

    path: str
    mode: str
    share: float


SCRATCH = (
    Scratch(path="/tmp", mode="1777", share=0.5),  # noqa: S108 - the guest's own, not the host's
    Scratch(path="/run", mode="0755", share=0.1),
    Scratch(path="/var/tmp", mode="1777", share=0.25),  # noqa: S108 - as above
    Scratch(path="/var/log", mode="0755", share=0.1),
    Scratch(path="/home", mode="0755", share=0.5),
    Scratch(path="/root", mode="0700", share=0.1),
    Scratch(path="/dev/shm", mode="1777", share=0.5),  # noqa: S108 - as above
)
"""All that a container can write to; nothing of it outlives the container."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Container:
    """What one container is made of."""

    bwrap: str
    rootfs: Path
    hostname: str
    mem_mib: int
    pids: int
    files: Mapping[str, int]
    """Path in the container, which must exist in the rootfs → descriptor that holds its content."""


def bwrap_argv(container: Container, command: Sequence[str] = FIRST) -> list[str]:
    """The whole command line; ``command`` becomes the container's first process after bwrap's reaper."""
    return [
        container.bwrap,
        *_namespaces(container.hostname),
        *("--ro-bind", str(container.rootfs), "/"),
        *("--proc", "/proc", "--dev", "/dev"),
        *_scratch(container.mem_mib),
        *_files(container.files),
        *("--cap-drop", "ALL", "--new-session", "--die-with-parent", "--seccomp", str(SECCOMP_FD)),
        *_environment(),
        *("--chdir", HOME, "--"),
        *("/usr/bin/prlimit", f"--nproc={container.pids}:{container.pids}"),
        *command,
    ]


def _namespaces(hostname: str) -> list[str]:
    person = str(PERSON_ID)
    return [
        *("--unshare-user", "--uid", person, "--gid", person),
        *("--unshare-pid", "--unshare-ipc", "--unshare-cgroup-try"),
        *("--unshare-uts", "--hostname", hostname),
    ]


def _scratch(mem_mib: int) -> list[str]:
    """Mounts for SCRATCH, then the few folders that programs expect in them."""
    mounts: list[str] = []
    for scratch in SCRATCH:
        size = int(mem_mib * scratch.share) << 20
        mounts += ["--perms", scratch.mode, "--size", str(size), "--tmpfs", scratch.path]
    for path in (HOME, "/run/user", "/run/user/1000", "/run/vestibule"):
        mounts += ["--perms", "0700", "--dir", path]
    return mounts


def _files(files: Mapping[str, int]) -> list[str]:
    return [word for path, fd in files.items() for word in ("--ro-bind-data", str(fd), path)]


def _environment() -> list[str]:
    pairs = [word for name, value in _ENVIRONMENT.items() for word in ("--setenv", name, value)]
    return ["--clearenv", *pairs]
