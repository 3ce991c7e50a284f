"""System calls that a container may not make.

A deny list in the manner of the well-known container profiles, less what Chromium needs to build its own
sandbox (user namespaces, chroot, seccomp).  Because a program may become "root" of a nested namespace,
the list also refuses what is only guarded by such a root: mounts, tracing, netlink beyond addresses.
"""

from __future__ import annotations

import errno
import importlib
import tempfile
from types import ModuleType
from typing import Any

from vestibule.core.errors import HostUnfit

_MOUNTS = (
    *("mount", "umount2", "pivot_root", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount"),
    *("open_tree", "mount_setattr", "open_by_handle_at", "quotactl", "quotactl_fd"),
)
_KERNEL = (
    *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot"),
    *("swapon", "swapoff", "acct", "syslog", "iopl", "ioperm", "lookup_dcookie", "uselib", "vhangup"),
    *("settimeofday", "clock_settime", "clock_adjtime", "adjtimex"),
)
_SURFACE = (
    *("bpf", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl", "fanotify_init"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "move_pages", "migrate_pages", "mbind"),
)
_OTHERS = (
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kcmp",
    "pidfd_getfd",
    "setns",
)
DENIED = (*_MOUNTS, *_KERNEL, *_SURFACE, *_OTHERS)
"""Refused with EPERM, whatever their arguments."""

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_FAMILIES = frozenset({_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK})
_NETLINK_ROUTE = 0
_TERMINAL_INJECTION = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: typing into the terminal of whoever started us."""
_LOW_32_BITS = 0xFFFFFFFF


def build() -> bytes:
    """The filter as a BPF program.  Raises HostUnfit when libseccomp is missing."""
    seccomp = _library()
    rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    refuse = seccomp.ERRNO(errno.EPERM)
    for name in DENIED:
        # A call that this machine's architecture does not have needs no rule.
        if seccomp.resolve_syscall(seccomp.system_arch(), name) >= 0:
            rules.add_rule(refuse, name)
    for request in _TERMINAL_INJECTION:
        rules.add_rule(refuse, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, _LOW_32_BITS, request))
    for arguments in _refused_sockets(seccomp):
        rules.add_rule(refuse, "socket", *arguments)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _refused_sockets(seccomp: ModuleType) -> list[tuple[Any, ...]]:
    """Every family but local, internet and netlink, and of netlink all but addresses and routes."""
    unwanted = sorted(set(range(_AF_NETLINK)) - _FAMILIES)
    netlink = seccomp.Arg(0, seccomp.EQ, _AF_NETLINK)
    return [
        *((seccomp.Arg(0, seccomp.EQ, family),) for family in unwanted),
        (seccomp.Arg(0, seccomp.GT, _AF_NETLINK),),
        (netlink, seccomp.Arg(2, seccomp.NE, _NETLINK_ROUTE)),
    ]


def _library() -> ModuleType:
    """Imported on first use: pyseccomp fails to import where libseccomp is not installed."""
    try:
        return importlib.import_module("pyseccomp")
    except (ImportError, RuntimeError, OSError) as error:
        raise HostUnfit(
            "the container's filter of system calls could not be built: libseccomp is missing",
            remedy="sudo apt-get install -y libseccomp2",
            code="no_seccomp",
        ) from error
