from __future__ import annotations

from pathlib import Path

from vestibule.drivers.machines.qemu.jail import jailed

ARGV = jailed("bwrap", ["/usr/bin/qemu", "-name", "x"], [Path("/cache/base.sqfs")])


def test_the_program_comes_last_and_is_the_first_process_of_its_namespace() -> None:
    assert ARGV[ARGV.index("--") + 1 :] == ["/usr/bin/qemu", "-name", "x"]
    assert {"--unshare-pid", "--as-pid-1", "--die-with-parent"} <= set(ARGV)


def test_what_it_may_read_is_named_and_nothing_can_be_written() -> None:
    assert _after(ARGV, "/cache/base.sqfs") == ["--ro-bind", "/cache/base.sqfs", "/cache/base.sqfs"]
    assert "--bind" not in ARGV
    assert ARGV[ARGV.index("--remount-ro") + 1] == "/"


def _after(argv: list[str], path: str) -> list[str]:
    place = argv.index(path)
    return argv[place - 1 : place + 2]
