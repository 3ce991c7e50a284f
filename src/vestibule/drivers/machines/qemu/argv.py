"""QEMU's command line: a pure function of what the machine is.

Templates and clones must agree on every device, or the saved state does not fit; so all come from here and
differ in three things only: who shares the memory, where the kernel comes from, and what awaits the start.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from vestibule.core.machines import Limits

MACHINE = "q35"
CONTROL_FD = 3
MONITOR_FD = 4
MEMORY_FD = 5

MAC = "52:54:00:56:65:73"
"""The same in every machine: each is alone in its network namespace."""

AGENT_PORT = 8080
_TB_MIB = 128
"""Size of the translation cache: at 24 it thrashes, and an idle machine burns a tenth of a core."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Boot:
    """Start from the kernel: the memory is new, and shared with whoever wants to keep it."""

    share: ClassVar[str] = "on"
    kernel: Path
    initrd: Path
    layers: int

    @property
    def files(self) -> tuple[Path, ...]:
        """What QEMU reads besides the disks."""
        return self.kernel, self.initrd

    @property
    def arguments(self) -> list[str]:
        """Kernel, initrd and command line."""
        words = [
            "boot=vestibule",
            f"vestibule.layers={self.layers}",
            "console=ttyS0",
            "panic=-1",
            "quiet",
            # Both wake every clone: a watchdog, and the search for pages to merge into huge ones.
            "nowatchdog",
            "transparent_hugepage=never",
            "loglevel=4",
            "mitigations=off",
            "no5lvl",
            "net.ifnames=0",
            "random.trust_cpu=on",
            "systemd.journald.forward_to_console=0",
        ]
        return ["-kernel", str(self.kernel), "-initrd", str(self.initrd), "-append", " ".join(words)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Restore:
    """Start from saved device state: the memory is a private view of the template's."""

    share: ClassVar[str] = "off"

    @property
    def files(self) -> tuple[Path, ...]:
        """Nothing: the state comes through a descriptor."""
        return ()

    @property
    def arguments(self) -> list[str]:
        """Wait for ``migrate-incoming``."""
        return ["-incoming", "defer"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resume(Restore):
    """Start from saved device state in memory of one's own, shared with whoever wants to keep it."""

    share: ClassVar[str] = "on"


@dataclasses.dataclass(frozen=True, kw_only=True)
class QemuSpec:
    """What one QEMU process is to be."""

    name: str
    start: Boot | Restore
    accelerator: str
    """"kvm" or "tcg"."""
    limits: Limits
    disks: Sequence[Path]
    """Squashfs images, bottom layer first."""
    address: str
    gateway: str
    cidr: str
    generation_id: str
    """A UUID, fresh for every start: what makes the guest's kernel reseed."""


def cpu_model(accelerator: str) -> str:
    """The processor that the guest sees.

    Emulated without AVX: with QEMU 7.2's, Chromium paints stripes and never finishes loading a page.
    Without ERMS: kernel and C library would copy byte by byte, each an emulated loop of its own.
    Without protection keys: each switch of them empties QEMU's whole TLB.
    """
    return "host" if accelerator == "kvm" else "max,avx=off,avx2=off,f16c=off,fma=off,erms=off,pku=off"


def machine_shape(accelerator: str, limits: Limits) -> str:
    """A name for all that a saved state depends on: two command lines of one shape fit each other."""
    boot = Boot(kernel=Path("/kernel"), initrd=Path("/initrd"), layers=1)
    spec = QemuSpec(
        name="template",
        start=boot,
        accelerator=accelerator,
        limits=limits,
        disks=(Path("/layer"),),
        address="192.0.2.2",
        gateway="192.0.2.1",
        cidr="192.0.2.0/24",
        generation_id=str(uuid.UUID(int=0)),
    )
    digest = hashlib.sha256("\n".join(qemu_argv("", spec)).encode()).hexdigest()
    return f"{MACHINE}-{digest[:16]}"


def _accelerator(name: str) -> str:
    return "kvm" if name == "kvm" else f"tcg,thread=multi,tb-size={_TB_MIB}"


def _memory(spec: QemuSpec) -> list[str]:
    size = f"{spec.limits.mem_mib}M"
    file = f"mem-path=/proc/self/fd/{MEMORY_FD},share={spec.start.share}"
    backend = f"memory-backend-file,id=memory,size={size},{file}"
    return ["-m", size, "-object", backend]


def _disk(number: int, path: Path) -> list[str]:
    escaped = str(path).replace(",", ",,")
    return [
        "-blockdev",
        f"driver=file,node-name=layer{number},filename={escaped},read-only=on,auto-read-only=off",
        "-device",
        f"virtio-blk-pci,drive=layer{number},serial=layer-{number}",
    ]


def _network(spec: QemuSpec) -> list[str]:
    """Slirp's own DNS and DHCP addresses go to the far end of the range, away from machines'."""
    last = ipaddress.IPv4Network(spec.cidr).broadcast_address
    inside = f"net={spec.cidr},host={spec.gateway},dns={last - 1},dhcpstart={last - 2}"
    forward = f"hostfwd=tcp:127.0.0.1:{AGENT_PORT}-{spec.address}:{AGENT_PORT}"
    device = f"virtio-net-pci,netdev=net,mac={MAC},romfile="
    return ["-netdev", f"user,id=net,ipv6=off,{inside},{forward}", "-device", device]


def _channels() -> list[str]:
    return [
        "-chardev",
        f"socket,id=monitor,fd={MONITOR_FD}",
        "-mon",
        "chardev=monitor,mode=control",
        "-chardev",
        f"socket,id=control,fd={CONTROL_FD}",
        "-device",
        "virtio-serial-pci,max_ports=2",
        "-device",
        "virtserialport,chardev=control,name=vestibule.handover",
        # Standard output is the machine's log: console and QEMU's own complaints in one file.
        "-chardev",
        "stdio,id=console,signal=off",
        "-serial",
        "chardev:console",
    ]


def _entropy(spec: QemuSpec) -> list[str]:
    return [
        "-object",
        "rng-builtin,id=entropy",
        "-device",
        "virtio-rng-pci,rng=entropy",
        "-device",
        f"vmgenid,guid={spec.generation_id}",
    ]


def qemu_argv(program: str, spec: QemuSpec) -> list[str]:
    """The whole command line."""
    disks = [word for number, path in enumerate(spec.disks) for word in _disk(number, path)]
    return [
        program,
        "-name",
        spec.name,
        "-no-user-config",
        "-nodefaults",
        "-display",
        "none",
        "-no-reboot",
        "-sandbox",
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        "-M",
        f"{MACHINE},memory-backend=memory,usb=off,vmport=off,sata=off,smbus=off,graphics=off",
        "-accel",
        _accelerator(spec.accelerator),
        "-cpu",
        cpu_model(spec.accelerator),
        "-smp",
        str(spec.limits.vcpus),
        *_memory(spec),
        *disks,
        *_network(spec),
        *_channels(),
        *_entropy(spec),
        *spec.start.arguments,
    ]
