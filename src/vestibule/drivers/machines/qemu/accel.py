"""Which accelerator works here: found by booting a kernel, because a device node that opens proves nothing.

The verdict holds until the host is rebooted or QEMU is exchanged; it is kept in the cache folder.
"""

from __future__ import annotations

import asyncio
import dataclasses
import grp
import json
import os
import pwd
import stat
import tempfile
import uuid
from pathlib import Path

from vestibule.core.errors import VestibuleError
from vestibule.core.ids import VmId
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.cache import file_digest
from vestibule.drivers.machines.programs import find_bwrap, find_qemu
from vestibule.drivers.machines.qemu.argv import MACHINE, cpu_model
from vestibule.drivers.machines.qemu.jail import jailed
from vestibule.drivers.machines.qemu.process import tail
from vestibule.services.ports import Network

_KVM_NODE = "/dev/kvm"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_VERDICT = "accelerator.json"
_PROBE_S = 20.0
_PROBE_MIB = 256
_DENIED = "Permission denied"
_PROOF = "Kernel panic"
"""Without a root file system a healthy kernel ends so, after it has set up processors, timers and devices."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """The accelerator to use, and why."""

    accelerator: str
    """"kvm" or "tcg"."""
    reason: str


def remembered(cache_dir: Path) -> Verdict | None:
    """The verdict of this host boot and this QEMU, if there is one.  Raises HostUnfit without QEMU."""
    try:
        raw = json.loads((cache_dir / _VERDICT).read_text())
        if raw["host"] == _host():
            return Verdict(accelerator=raw["accelerator"], reason=raw["reason"])
    except (OSError, ValueError, KeyError):
        pass  # absent or from another release: probe again
    return None


class AcceleratorProbe:
    """Decides once per host boot."""

    def __init__(self, cache_dir: Path, network: Network) -> None:
        self._path = cache_dir / _VERDICT
        self._network = network

    async def verdict(self, kernel: Path) -> Verdict:
        """The remembered verdict, or a new one by booting ``kernel``.  Raises HostUnfit without QEMU."""
        found = remembered(self._path.parent)
        if found is None:
            found = await self._probe(kernel)
            self._remember(found)
        return found

    def _remember(self, verdict: Verdict) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        aside = self._path.with_suffix(".new")
        aside.write_text(json.dumps({"host": _host(), **dataclasses.asdict(verdict)}))
        aside.rename(self._path)

    async def _probe(self, kernel: Path) -> Verdict:
        if not os.path.exists(_KVM_NODE):  # noqa: ASYNC240, PTH110 - one stat of a device node
            return Verdict(accelerator="tcg", reason=f"there is no {_KVM_NODE}")
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "console"
            failure = await self._boot(kernel, log)
        if failure is None:
            return Verdict(accelerator="kvm", reason="a kernel booted under KVM")
        if _DENIED in failure:
            failure = f"the user that machines run as may not open it ({_rights()})"
        return Verdict(accelerator="tcg", reason=f"{_KVM_NODE} is there, but {failure}")

    async def _boot(self, kernel: Path, log: Path) -> str | None:
        """Why the probe's kernel did not boot, or None."""
        vm_id = VmId(f"vm-probe-{uuid.uuid4().hex[:8]}")
        limits = Limits(mem_mib=4 * _PROBE_MIB, vcpus=1, pids=64)
        try:
            await self._network.create(vm_id, ())
            await self._network.spawn(vm_id, _argv(kernel), fds={}, log=log, limits=limits)
            async with asyncio.timeout(_PROBE_S):
                await self._network.wait(vm_id)
        except TimeoutError:
            return f"a guest kernel hung for {_PROBE_S:g} s after “{_last_line(log)}”"
        except VestibuleError as error:
            return error.cause
        finally:
            await self._network.destroy(vm_id)
        return None if _PROOF in tail(log) else f"QEMU ended: {_last_line(log)}"


def foreseen(cache_dir: Path) -> str | None:
    """The accelerator, as far as it is known without a boot.  Raises HostUnfit without QEMU."""
    found = remembered(cache_dir)
    if found is not None:
        return found.accelerator
    return None if Path(_KVM_NODE).exists() else "tcg"


def _host() -> str:
    """This boot of this host, with this QEMU, this user and the rights that it has to KVM."""
    return f"{_BOOT_ID.read_text().strip()} {file_digest(find_qemu())[:16]} {os.geteuid()} {_rights()}"


def _rights() -> str:
    """Mode, owner and group of the device node; Debian's udev makes it ``crw-rw---- root:kvm``."""
    try:
        found = Path(_KVM_NODE).stat()
    except OSError:
        return "absent"
    return f"{stat.filemode(found.st_mode)} {_owner(found.st_uid)}:{_group(found.st_gid)}"


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in tail(log).splitlines() if line.strip()]
    return lines[-1] if lines else "no output at all"


def _argv(kernel: Path) -> list[str]:
    base = [str(find_qemu()), "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot"]
    machine = ["-M", MACHINE, "-accel", "kvm", "-cpu", cpu_model("kvm"), "-m", f"{_PROBE_MIB}M"]
    console = ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    boot = ["-kernel", str(kernel), "-append", "console=ttyS0 panic=-1"]
    return jailed(find_bwrap(), [*base, *machine, *console, *boot], [kernel])
