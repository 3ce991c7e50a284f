"""Looks at the host for ``doctor``: programs, kernel, folders, disk, port.  Implements ``HostProbe``."""

from __future__ import annotations

import asyncio
import dataclasses
import http.client
import os
import platform
import shutil
import stat
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from vestibule.core.errors import DiskFull, VestibuleError
from vestibule.core.machines import DriverName
from vestibule.drivers.host_facts import require_free
from vestibule.drivers.http_server import bind
from vestibule.drivers.net.client import NetworkReport
from vestibule.drivers.pressure import pressure_check
from vestibule.services.host import Accelerator, Check
from vestibule.services.machine_settings import Choice

MIN_PYTHON = (3, 11)
MIN_FREE_MIB = 8192
"""A build holds packages, layers and their merged copy at once."""
ANSWER_TIMEOUT_S = 2.0

_PROGRAMS = (
    ("bwrap", "bubblewrap", "keeps machines apart", frozenset(DriverName)),
    ("qemu-system-x86_64", "qemu-system-x86", "starts virtual machines", frozenset({DriverName.QEMU})),
    ("mmdebstrap", "mmdebstrap", "builds the golden's base", frozenset(DriverName)),
    ("sqfstar", "squashfs-tools", "packs the golden's layers", frozenset(DriverName)),
)
"""Program, Debian package, purpose, drivers that cannot do without it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LocalHost:
    """This host.  ``network`` and ``accelerator`` really try what they report on."""

    state_dir: Path
    cache_dir: Path
    run_dir: Path
    min_free_mib: int
    web_dir: Path
    address: tuple[str, int]
    network: Callable[[], Awaitable[NetworkReport]]
    accelerator: Accelerator
    vault: Callable[[], Check]

    async def checks(self, choice: Choice) -> Sequence[Check]:
        """See services.host.HostProbe."""
        local = await asyncio.to_thread(lambda: list(self._local(choice)))
        return [*local, *await self._network()]

    def _local(self, choice: Choice) -> Iterator[Check]:
        yield _python()
        for program, package, purpose, drivers in _PROGRAMS:
            yield _program(program, package, purpose, needed=choice.driver in drivers)
        yield _accelerator(self.accelerator)
        yield pressure_check()
        yield _disk(self.cache_dir)
        yield self._room()
        yield _private(self.state_dir)
        yield self.vault()
        yield _web(self.web_dir)
        yield _port(*self.address)

    def _room(self) -> Check:
        """What ``/readyz`` asks of disks."""
        folders = {"state": self.state_dir, "run": self.run_dir, "cache": self.cache_dir}
        try:
            require_free(folders, self.min_free_mib)
        except DiskFull as error:
            return Check(name="room", ok=False, detail=error.cause, fix=error.remedy, needed=False)
        detail = f"more than {self.min_free_mib} MiB are free for state, run and cache (min_free_mib)"
        return Check(name="room", ok=True, detail=detail)

    async def _network(self) -> list[Check]:
        name = "user namespaces"
        try:
            report = await self.network()
        except VestibuleError as error:
            return [Check(name=name, ok=False, detail=error.cause, fix=error.remedy)]
        limits = report.limits
        pause = "freezer" if limits.freezer else "signals"
        held = [kind for kind in ("memory", "pids", "cpu") if getattr(limits, kind)]
        return [
            Check(name=name, ok=True, detail=f"a broker and a machine's user were made (uid {report.uid})"),
            Check(
                name="limits",
                ok=limits.memory and limits.pids and limits.cpu,
                detail=f"{limits.kind} holds {', '.join(held)}, machines pause by {pause}: {limits.where}",
                fix=limits.remedy,
                needed=False,
            ),
        ]


def _python() -> Check:
    return Check(
        name="python",
        ok=sys.version_info >= MIN_PYTHON,
        detail=f"{platform.python_version()} at {sys.executable}",
        fix="Install Python 3.11 or newer.",
    )


def _program(program: str, package: str, purpose: str, *, needed: bool) -> Check:
    path = shutil.which(program)
    return Check(
        name=program,
        ok=path is not None,
        detail=path or f"is not on PATH; it {purpose}",
        fix=f"apt-get install {package}",
        needed=needed,
    )


def _accelerator(found: Accelerator) -> Check:
    fix = "Nothing needs doing: containers are used, or emulation where isolation is vm."
    return Check(name="kvm", ok=found.works, detail=found.why, fix=fix, needed=False)


def _disk(folder: Path) -> Check:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free_mib = shutil.disk_usage(there).free >> 20
    return Check(
        name="disk",
        ok=free_mib >= MIN_FREE_MIB,
        detail=f"{free_mib} MiB free for {folder}; a build wants {MIN_FREE_MIB}",
        fix="Free some space, or set cache_dir to a folder on a larger disk.",
        needed=False,
    )


def _private(folder: Path) -> Check:
    """The state folder holds the key of all credentials: nobody else may enter it."""
    name = "state folder"
    try:
        found = folder.stat()
    except FileNotFoundError:
        return Check(name=name, ok=True, detail=f"{folder} is made at the first start")
    except PermissionError:
        return Check(name=name, ok=False, detail=f"{folder} cannot be entered", fix="Run as its owner.")
    if not stat.S_ISDIR(found.st_mode) or not os.access(folder, os.W_OK):
        return Check(
            name=name,
            ok=False,
            detail=f"{folder} is no folder that can be written",
            fix="Set state_dir to a folder of your own on a writable disk.",
        )
    mode = stat.S_IMODE(found.st_mode)
    return Check(
        name=name,
        ok=mode & 0o077 == 0 and found.st_uid == os.geteuid(),
        detail=f"{folder} has mode {mode:04o} and belongs to uid {found.st_uid}",
        fix=f"chown -R {os.geteuid()} {folder}; chmod 0700 {folder}",
    )


def _web(folder: Path) -> Check:
    return Check(
        name="web app",
        ok=(folder / "index.html").is_file(),
        detail=str(folder),
        fix="In a checkout: make install.  From a wheel: pip install --force-reinstall vestibule.",
    )


def _port(host: str, port: int) -> Check:
    if _can_bind(host, port):
        return Check(name="port", ok=True, detail=f"{host}:{port} is free")
    ours = _is_controller(host, port)
    return Check(
        name="port",
        ok=ours,
        detail=f"{host}:{port} is {'the running controller' if ours else 'held by another program'}",
        fix=f"See who holds it (ss -ltnp 'sport = :{port}'), or set another port.",
    )


def _can_bind(host: str, port: int) -> bool:
    """Exactly as the controller would."""
    try:
        bind(host, port).close()
    except VestibuleError:
        return False
    return True


def _is_controller(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", "/api/me")  # asked by nobody: refused in words that are ours
        answer = connection.getresponse()
        return answer.status == 401 and b"not_signed_in" in answer.read(4096)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
