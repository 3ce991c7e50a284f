from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from vestibule.core.machines import Limits
from vestibule.drivers.machines.qemu.argv import Boot, QemuSpec, Restore, Resume, machine_shape, qemu_argv

HERE = Path(__file__).parent
SPEC = QemuSpec(
    name="vm-0123456789abcdef",
    start=Restore(),
    accelerator="tcg",
    limits=Limits(mem_mib=1536, vcpus=2, pids=512),
    disks=(Path("/cache/base.sqfs"), Path("/cache/a,b.sqfs")),
    address="192.168.100.7",
    gateway="192.168.100.1",
    cidr="192.168.100.0/24",
    generation_id="00000000-0000-4000-8000-000000000000",
)
BOOT = dataclasses.replace(
    SPEC, start=Boot(kernel=Path("/cache/kernel"), initrd=Path("/cache/initrd"), layers=2)
)


def _lines(spec: QemuSpec) -> str:
    return "\n".join(qemu_argv("qemu-system-x86_64", spec)) + "\n"


@pytest.mark.parametrize(("name", "spec"), [("clone", SPEC), ("boot", BOOT)])
def test_the_command_line_is_the_agreed_one(name: str, spec: QemuSpec) -> None:
    assert _lines(spec) == (HERE / f"{name}.argv").read_text()


def _without(words: list[str], options: set[str]) -> list[str]:
    kept = []
    skip = False
    for word in words:
        if not skip and word not in options:
            kept.append(word)
        skip = word in options
    return kept


def test_template_and_clone_have_the_same_devices() -> None:
    differ = {"-kernel", "-initrd", "-append", "-incoming"}
    boot = _without(qemu_argv("q", BOOT), differ)
    clone = _without(qemu_argv("q", SPEC), differ)
    assert [word.replace("share=on", "share=off") for word in boot] == clone


def test_what_goes_on_to_be_saved_again_is_a_clone_with_memory_of_its_own() -> None:
    resumed = qemu_argv("q", dataclasses.replace(SPEC, start=Resume()))
    assert [word.replace("share=on", "share=off") for word in resumed] == qemu_argv("q", SPEC)
    assert resumed != qemu_argv("q", SPEC)


def test_addresses_follow_the_cidr() -> None:
    spec = dataclasses.replace(SPEC, cidr="10.1.2.0/29", gateway="10.1.2.1", address="10.1.2.3")
    network = next(word for word in qemu_argv("q", spec) if word.startswith("user,"))
    assert "net=10.1.2.0/29,host=10.1.2.1,dns=10.1.2.6,dhcpstart=10.1.2.5" in network
    assert "hostfwd=tcp:127.0.0.1:8080-10.1.2.3:8080" in network


def test_no_disk_can_be_written() -> None:
    disks = [word for word in qemu_argv("q", SPEC) if word.startswith("driver=file")]
    assert len(disks) == 2
    assert all("read-only=on" in word for word in disks)


def test_a_machine_of_another_shape_has_another_name() -> None:
    """A snapshot is named by the shape: a state never meets a command line that it does not fit."""
    shapes = {
        machine_shape(accelerator, Limits(mem_mib=mem_mib, vcpus=vcpus, pids=64))
        for accelerator, mem_mib, vcpus in [
            ("tcg", 1024, 2),
            ("kvm", 1024, 2),
            ("tcg", 2048, 2),
            ("tcg", 1024, 1),
        ]
    }
    assert len(shapes) == 4
