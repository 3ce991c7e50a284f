"""Where a QEMU process lives: a root of its own with the few files that it needs, and no other process.

All machines run as one user of the host, so without this an escaped QEMU could signal or trace another one
and read what that user may read.  In the jail it sees itself alone (pid namespace), QEMU's own programs and
data, and the layers of its golden, all read-only.

::

    broker's child ─▶ bwrap (waits, passes the exit code on) ─▶ QEMU: pid 1, its own /, /proc and /dev
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vestibule.drivers.machines.programs import find_bwrap, find_qemu
from vestibule.drivers.machines.qemu.argv import QemuSpec, qemu_argv

_SYSTEM = ("/usr",)
_SYSTEM_IF_THERE = ("/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
"""Links into /usr on Debian since 11; folders on others."""
_DEVICES = ("/dev/kvm",)


def command_of(spec: QemuSpec) -> list[str]:
    """The command line of one machine, jail included.  Raises HostUnfit without QEMU or bubblewrap."""
    return jailed(find_bwrap(), qemu_argv(str(find_qemu()), spec), [*spec.disks, *spec.start.files])


def jailed(bwrap: str, argv: Sequence[str], readable: Sequence[Path]) -> list[str]:
    """The command line that runs ``argv`` in a jail where it may read ``readable``, at the same paths."""
    return [
        bwrap,
        *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--die-with-parent", "--as-pid-1", "--cap-drop", "ALL"),
        *_bound("--ro-bind", _SYSTEM),
        *_bound("--ro-bind-try", _SYSTEM_IF_THERE),
        *("--proc", "/proc", "--dev", "/dev"),
        *_bound("--dev-bind-try", _DEVICES),
        *_bound("--ro-bind", [str(path) for path in readable]),
        *("--remount-ro", "/"),
        *("--chdir", "/", "--"),
        *argv,
    ]


def _bound(how: str, paths: Sequence[str]) -> list[str]:
    return [word for path in paths for word in (how, path, path)]
