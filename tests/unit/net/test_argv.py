"""The container's command line, whole: a change of it is a change of its isolation."""

from __future__ import annotations

from pathlib import Path

from vestibule.drivers.machines.container.argv import Container, bwrap_argv

CONTAINER = Container(
    bwrap="/usr/bin/bwrap",
    rootfs=Path("/goldens/g-1/rootfs"),
    hostname="vm-1",
    mem_mib=1000,
    pids=512,
    files={"/etc/machine-id": 5},
)
GOLDEN = Path(__file__).parent / "container_argv.txt"


def test_the_command_line_is_the_reviewed_one() -> None:
    assert "\n".join(bwrap_argv(CONTAINER)) + "\n" == GOLDEN.read_text()


def test_scratch_is_bounded_by_the_machines_memory() -> None:
    argv = bwrap_argv(CONTAINER)
    sizes = [int(argv[at + 1]) for at, word in enumerate(argv) if word == "--size"]
    assert len(sizes) == argv.count("--tmpfs")
    assert max(sizes) <= 500 << 20
