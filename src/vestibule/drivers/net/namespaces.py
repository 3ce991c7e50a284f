"""The few system calls that Python 3.11 lacks, by ctypes; every failure is an OSError.

Loaded before privileges are dropped: afterwards the interpreter's own files may be out of reach.
"""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNET = 0x40000000
CLONE_NEWUSER = 0x10000000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_CAPABILITY_VERSION_3 = 0x20080522
_CAPABILITIES_MAX = 64
_EINVAL = 22

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
_libc.unshare.argtypes = [ctypes.c_int]
_libc.setns.argtypes = [ctypes.c_int, ctypes.c_int]
_libc.capset.argtypes = [ctypes.c_void_p, ctypes.c_void_p]


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _check(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces that ``flags`` name for new ones (unshare, section 2)."""
    _check(_libc.unshare(flags))


def setns(fd: int, kind: int) -> None:
    """Enter the namespace that ``fd`` names (setns, section 2)."""
    _check(_libc.setns(fd, kind))


def prctl(option: int, argument: int = 0) -> None:
    """Set one attribute of this process (prctl, section 2)."""
    _check(_libc.prctl(option, argument, 0, 0, 0))


def drop_capabilities() -> None:
    """Empty every capability set of this process, the bounding set included; needs CAP_SETPCAP for that."""
    for capability in range(_CAPABILITIES_MAX):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno != _EINVAL:
                raise
            break
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = _CapHeader(_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(ctypes.byref(header), ctypes.byref((_CapData * 2)())))
