"""What an implementation of GoldenRegister promises; a file is the only one."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import multiprocessing
import os
import stat
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from vestibule.core.errors import Conflict, GoldenFailed
from vestibule.core.ids import GoldenId
from vestibule.core.promotion import Register
from vestibule.drivers.goldens.register import FileRegister
from vestibule.services.golden_ports import GoldenRegister

A, B = GoldenId("g-a"), GoldenId("g-b")
T0 = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
SPAWN = multiprocessing.get_context("spawn")
MOVES = 25


def promote(golden_id: GoldenId, why: str = "a test") -> Callable[[Register], Register]:
    return lambda register: register.promote(golden_id, at=T0, why=why)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state/goldens.json"


@pytest.fixture
def register(path: Path) -> GoldenRegister:
    return FileRegister(path)


def test_a_register_that_was_never_written_has_no_moves(register: GoldenRegister, path: Path) -> None:
    assert register.read() == Register()
    assert not path.parent.exists(), "reading makes nothing"


def test_a_move_is_read_back_by_everybody(register: GoldenRegister, path: Path) -> None:
    stored = register.update(promote(A))
    assert stored.promoted == A
    assert FileRegister(path).read() == register.read() == stored


def test_every_update_sees_the_one_before(register: GoldenRegister, path: Path) -> None:
    register.update(promote(A))
    FileRegister(path).update(promote(B))
    assert register.update(lambda found: found.roll_back(among={A, B}, at=T0, why="bad")).promoted == A


def test_what_a_change_raises_passes_and_stores_nothing(register: GoldenRegister) -> None:
    before = register.update(promote(A))
    with pytest.raises(Conflict):
        register.update(lambda found: found.roll_back(among=set(), at=T0, why="bad"))
    assert register.read() == before
    assert register.update(promote(B)).promoted == B, "the lock was let go"


def test_a_change_that_changes_nothing_writes_nothing(register: GoldenRegister, path: Path) -> None:
    register.update(promote(A))
    before = path.stat()
    register.update(promote(A))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_state_folder_that_it_makes_is_private(register: GoldenRegister, path: Path) -> None:
    register.update(promote(A))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


# -- two processes ---------------------------------------------------------------------------------------


def _move_often(path: Path, name: str, together: Barrier) -> None:
    together.wait(60)
    for number in range(MOVES):
        FileRegister(path).update(promote(GoldenId(f"g-{name}{number}"), name))


def test_two_processes_that_move_at_once_lose_no_move(path: Path) -> None:
    together = SPAWN.Barrier(2)
    processes = [SPAWN.Process(target=_move_often, args=(path, name, together)) for name in "xy"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    promotions = [move.golden_id for move in FileRegister(path).read().moves if move.to == "promoted"]
    for name in "xy":
        own = [golden for golden in promotions if golden.startswith(f"g-{name}")]
        assert own == [f"g-{name}{number}" for number in range(MOVES)]


def test_who_reads_waits_for_nobody(register: GoldenRegister, path: Path) -> None:
    stored = register.update(promote(A))
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert register.read() == stored


# -- crashes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.rename"])
def test_a_crash_before_the_rename_leaves_the_old_register(
    register: GoldenRegister, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    before = register.update(promote(A))

    def crash(*_: object) -> None:
        raise OSError("the power failed")

    with monkeypatch.context() as patched:
        patched.setattr(broken, crash)
        with pytest.raises(OSError, match="the power failed"):
            register.update(promote(B))
    assert register.read() == before
    assert register.update(promote(B)).promoted == B, "what was left aside is in nobody's way"


def test_what_a_dead_writer_left_aside_is_ignored(register: GoldenRegister, path: Path) -> None:
    before = register.update(promote(A))
    path.with_suffix(".new").write_text('{"moves": [')
    assert register.read() == before
    assert register.update(promote(B)).promoted == B


def test_the_new_register_is_on_the_disk_before_it_gets_its_name(
    register: GoldenRegister, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def noted_fsync(number: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file")
        fsync(number)

    def noted_rename(self: Path, target: Path) -> Path:
        done.append("rename")
        assert target == path
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    register.update(promote(A))
    assert done == ["file", "rename", "folder"]


# -- damage ----------------------------------------------------------------------------------------------

DAMAGED = {
    "empty": "",
    "cut off": '{"moves": [{"golden_id": "g-a"',
    "another form": "[]",
    "no moves": "{}",
    "moves that are no list": '{"moves": 7}',
    "moves by name": '{"moves": {"g-a": "promoted"}}',
    "a name that is a list": json.dumps(
        {"moves": [{"golden_id": ["g-a"], "to": "promoted", "at": T0.isoformat(), "why": ""}]}
    ),
    "another's name that is a number": json.dumps(
        {"moves": [{"golden_id": "g-a", "to": "promoted", "at": T0.isoformat(), "why": "", "over": 7}]}
    ),
    "a state that is a list": json.dumps(
        {"moves": [{"golden_id": "g-a", "to": ["promoted"], "at": T0.isoformat(), "why": ""}]}
    ),
    "a time without its zone": json.dumps(
        {"moves": [{"golden_id": "g-a", "to": "promoted", "at": "2026-11-24T09:00:00", "why": ""}]}
    ),
    "an unknown state": json.dumps(
        {"moves": [{"golden_id": "g-a", "to": "praised", "at": T0.isoformat(), "why": ""}]}
    ),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_register_is_named_and_never_overwritten(
    register: GoldenRegister, path: Path, content: str
) -> None:
    register.update(promote(A))
    path.write_text(content)
    for attempt in (register.read, lambda: register.update(promote(B))):
        with pytest.raises(GoldenFailed) as refused:
            attempt()
        assert refused.value.failure_code == "register_damaged"
        assert str(path) in refused.value.cause
        assert "Move it away" in refused.value.remedy
    assert path.read_text() == content


def test_bytes_that_are_no_text_are_damage_too(register: GoldenRegister, path: Path) -> None:
    register.update(promote(A))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GoldenFailed, match="cannot be read"):
        register.read()
