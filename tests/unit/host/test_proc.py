"""What the kernel says in /proc, of this host and of files that are as a kernel writes them."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from vestibule.drivers import proc

MOUNT = r"36 35 98:0 / /mnt/a\040b\011c\134d rw,noatime master:1 - ext3 /dev/root rw"


def mountinfo(folder: Path, *lines: str) -> Path:
    (folder / "self").mkdir()
    (folder / "self/mountinfo").write_text("".join(f"{line}\n" for line in lines))
    return folder


def test_mount_points_are_read_as_they_are_on_the_disk(tmp_path: Path) -> None:
    (mount,) = proc.mounts(mountinfo(tmp_path, MOUNT))
    assert mount == proc.Mount(root="/", point=Path("/mnt/a b\tc\\d"))


def test_mounts_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="mountinfo"):
        list(proc.mounts(tmp_path))


def test_a_listening_socket_is_found_among_what_its_process_has_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (inode,) = proc.listening(listener.getsockname()[1])
        assert f"socket:[{inode}]" in set(proc.open_files(os.getpid()))


def test_a_process_is_told_apart_from_the_next_of_its_number() -> None:
    started = proc.start_ticks(os.getpid())
    assert started is not None
    assert proc.is_running(os.getpid(), started)
    assert not proc.is_running(os.getpid(), started + 1)


def test_an_ended_child_is_a_zombie_until_it_was_waited_for() -> None:
    child = subprocess.Popen(["true"])
    assert os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT) is not None
    assert proc.is_zombie(child.pid)
    assert child.pid in proc.children(os.getpid())
    child.wait()
    assert not proc.is_zombie(child.pid)
    assert (proc.start_ticks(child.pid), proc.resident_bytes(child.pid)) == (None, 0)
    assert (proc.name_of(child.pid), proc.cpu_s(child.pid)) == ("ended", 0)


def test_a_process_s_name_may_hold_anything(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    fields = ["S", "1", *["0"] * 9, "300", "100", "0", "0", "20", "0", "1", "0", "4242"]
    (tmp_path / "7/stat").write_text(f"7 (a ) R 9 (b) {' '.join(fields)}\n")
    assert list(proc.tree(7, tmp_path)) == [(7, 4242)]
    assert proc.cpu_s(7, tmp_path) == 400 / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    ("own", "shared", "is_killed"),
    [
        ("0000000000000100", "0000000000000000", True),
        ("0000000000000000", "0000000000000100", True),
        ("0000000000000000", "0000000000004000", False),
    ],
)
def test_a_signal_that_a_frozen_process_does_not_hear_is_seen(
    tmp_path: Path, own: str, shared: str, *, is_killed: bool
) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7/status").write_text(f"Name:\ta\nSigPnd:\t{own}\nShdPnd:\t{shared}\n")
    assert proc.is_killed(7, tmp_path) is is_killed
    assert not proc.is_killed(8, tmp_path)
