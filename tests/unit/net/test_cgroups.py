"""Control groups, on a folder that looks like the kernel's: where they are sought, what is written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from vestibule.core.ids import VmId
from vestibule.core.machines import Limits, MachineMemory
from vestibule.drivers.net import cgroups
from vestibule.drivers.net.cgroups import Cgroups, Kind

VM = VmId("vm-0000000000000001")
LIMITS = Limits(mem_mib=512, vcpus=2, pids=300)


def v1(folder: Path, *controllers: str) -> Cgroups:
    for name in controllers:
        (folder / name / "user/mine").mkdir(parents=True)
    own = folder / "membership"
    own.write_text("5:memory:/user/mine\n4:pids:/user/mine\n3:cpu,cpuacct:/user/gone\n0::/\n")
    return Cgroups.detect(mount=folder, own=own)


def test_v1_groups_lie_below_the_controllers_own(tmp_path: Path) -> None:
    groups = v1(tmp_path, "memory", "pids", "cpu")
    groups.create(VM, LIMITS)
    memory = tmp_path / "memory/user/mine" / f"vestibule-{VM}"
    assert (memory / "memory.limit_in_bytes").read_text() == str(512 << 20)
    assert (tmp_path / "pids/user/mine" / f"vestibule-{VM}" / "pids.max").read_text() == "300"
    processor = tmp_path / "cpu" / f"vestibule-{VM}"
    assert (processor / "cpu.cfs_quota_us").read_text() == "200000"
    assert (processor / "cpu.shares").read_text() == "256", "a quarter of what the controller gets"


def test_v1_reports_what_it_enforces(tmp_path: Path) -> None:
    report = v1(tmp_path, "memory", "pids").report()
    assert (report.kind, report.memory, report.pids, report.cpu) == (Kind.V1, True, True, False)
    assert report.remedy is None


def test_without_groups_the_remedy_is_a_delegated_scope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    report = v1(tmp_path, "cpuset").report()
    assert (report.kind, report.memory, report.pids) == (Kind.NONE, False, True)
    assert report.remedy is not None
    assert "systemd-run --user --scope -p Delegate=yes" in report.remedy


def v2(folder: Path, path: str = "/user/scope") -> tuple[Path, Path]:
    own = folder / path.lstrip("/")
    own.mkdir(parents=True)
    (folder / "cgroup.controllers").write_text("cpu memory pids")
    for group in {folder, own}:
        (group / "cgroup.subtree_control").write_text("")
        (group / "cgroup.procs").write_text("")
    membership = folder / "membership"
    membership.write_text(f"0::{path}\n")
    return own, membership


def delegated(path: str | os.PathLike[str], name: str) -> bytes:
    """systemd's mark; a test's folder may lie where there are no extended attributes."""
    if name != "user.delegate":
        raise OSError(errno.ENODATA, "no such attribute", str(path))
    return b"1"


def test_v2_uses_a_delegated_scope_of_an_ordinary_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getxattr", delegated)
    own, membership = v2(tmp_path)
    (own / "cgroup.procs").write_text("77\n")
    (own / "vestibule-controller").mkdir()
    groups = Cgroups.detect(mount=tmp_path, own=membership)
    assert groups.report().kind is Kind.V2
    assert (own / "vestibule-controller/cgroup.procs").read_text() == "77"
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    groups.create(VM, LIMITS)
    machine = own / f"vestibule-{VM}"
    assert (machine / "memory.max").read_text() == str(512 << 20)
    assert (machine / "cpu.max").read_text() == "200000 100000"
    assert (machine / "cpu.weight").read_text() == "25", "a quarter of what the controller gets"


def test_v2_leaves_a_group_alone_that_is_only_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    own, membership = v2(tmp_path)
    (own / "cgroup.procs").write_text("77\n")
    assert Cgroups.detect(mount=tmp_path, own=membership).report().kind is Kind.NONE
    assert sorted(file.name for file in own.iterdir()) == ["cgroup.procs", "cgroup.subtree_control"]


def test_v2_of_root_makes_a_group_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    _own, membership = v2(tmp_path)
    (tmp_path / "vestibule").mkdir()
    (tmp_path / "vestibule/cgroup.subtree_control").write_text("memory pids cpu")
    report = Cgroups.detect(mount=tmp_path, own=membership).report()
    assert report.kind is Kind.V2
    assert report.where == str(tmp_path / "vestibule")


def test_a_controller_that_moved_before_finds_its_group_again(tmp_path: Path) -> None:
    own, membership = v2(tmp_path, "/user/scope/vestibule-controller")
    assert Cgroups.detect(mount=tmp_path, own=membership).report().where == str(own.parent)


def old(folder: Path) -> Path:
    """A group that was made long ago."""
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder, (0, 0))
    return folder


def test_sweep_removes_what_a_killed_controller_left_and_keeps_the_living(tmp_path: Path) -> None:
    groups = v1(tmp_path, "memory", "pids")
    base = tmp_path / "memory/user/mine"
    folders = [old(base / name) for name in (f"vestibule-{VM}", "vestibule-vm-2", "another")]
    groups.sweep({VmId("vm-2")})
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_sweep_leaves_what_another_controller_has_just_made(tmp_path: Path) -> None:
    groups = v1(tmp_path, "memory", "pids")
    fresh = tmp_path / "memory/user/mine/vestibule-vm-2"
    fresh.mkdir()
    groups.sweep(set())
    assert fresh.exists()
    old(fresh)
    groups.sweep(set())
    assert not fresh.exists()


@pytest.mark.anyio
async def test_removing_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    await v1(tmp_path, "memory", "pids").remove(VM)


def test_v1s_freezer_is_used_where_it_is(tmp_path: Path) -> None:
    groups = v1(tmp_path, "memory", "pids", "freezer")
    groups.create(VM, LIMITS)
    assert groups.report().freezer
    state = tmp_path / "freezer" / f"vestibule-{VM}" / "freezer.state"
    state.write_text("THAWED")
    with groups.switch(VM) as switch:
        assert switch is not None
        os.pwrite(switch[0], switch[1].freeze.encode(), 0)
    assert state.read_text() == "FROZEN"
    groups.thaw(VM)
    assert state.read_text() == "THAWED"


def test_v2_is_frozen_by_the_group_itself(tmp_path: Path) -> None:
    own, membership = v2(tmp_path, "/user/scope/vestibule-controller")
    groups = Cgroups.detect(mount=tmp_path, own=membership)
    groups.create(VM, LIMITS)
    freeze = own.parent / f"vestibule-{VM}" / "cgroup.freeze"
    freeze.write_text("1")
    with groups.switch(VM) as switch:
        assert switch is not None
        assert (switch[1].freeze, switch[1].thaw) == ("1", "0")
    groups.thaw(VM)
    assert freeze.read_text() == "0"


def test_without_a_freezer_there_is_no_switch(tmp_path: Path) -> None:
    groups = v1(tmp_path, "memory", "pids")
    groups.create(VM, LIMITS)
    assert not groups.report().freezer
    with groups.switch(VM) as switch:
        assert switch is None
    groups.thaw(VM)


@pytest.mark.anyio
async def test_an_adopted_machines_groups_are_where_its_process_is(tmp_path: Path) -> None:
    groups = v1(tmp_path, "memory", "pids")
    elsewhere = tmp_path / "memory/another/scope" / f"vestibule-{VM}"
    elsewhere.mkdir(parents=True)
    process = tmp_path / "proc" / "77"
    process.mkdir(parents=True)
    (process / "cgroup").write_text(f"5:memory:/another/scope/vestibule-{VM}\n4:pids:/\n")
    groups.adopt(VM, 77, proc=tmp_path / "proc")
    await groups.remove(VM)
    assert not elsewhere.exists()


@pytest.mark.parametrize(("is_killed", "state"), [(True, "THAWED"), (False, "FROZEN")])
def test_sweep_thaws_what_was_killed_and_nobodys_paused_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_killed: bool, state: str
) -> None:
    groups = v1(tmp_path, "memory", "pids", "freezer")
    left = tmp_path / "freezer" / f"vestibule-{VM}"
    left.mkdir(parents=True)
    (left / "freezer.state").write_text("FROZEN")
    (left / "cgroup.procs").write_text("76\n77\n")
    old(left)
    monkeypatch.setattr(cgroups, "is_killed", lambda pid: is_killed and pid == 77)
    groups.sweep(set())
    assert (left / "freezer.state").read_text() == state


@pytest.mark.parametrize(("own", "with_swap"), [("41", None), ("0", "41"), ("1", "40")])
def test_what_v1_counted_of_a_machine_s_memory_is_read(
    tmp_path: Path, own: str, with_swap: str | None
) -> None:
    groups = v1(tmp_path, "memory", "pids")
    groups.create(VM, LIMITS)
    folder = tmp_path / "memory/user/mine" / f"vestibule-{VM}"
    (folder / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
    (folder / "memory.failcnt").write_text(f"{own}\n")
    if with_swap is not None:
        (folder / "memory.memsw.failcnt").write_text(f"{with_swap}\n")
    (folder / "memory.max_usage_in_bytes").write_text(f"{500 << 20}\n")
    memory = MachineMemory(oom_kills=3, limit_hits=41, limit_mib=512, peak_mib=500)
    assert groups.memory(VM) == memory
    assert memory.exhausted


@pytest.mark.parametrize("peak", [300, None])
def test_what_v2_counted_of_a_machine_s_memory_is_read(tmp_path: Path, peak: int | None) -> None:
    own, membership = v2(tmp_path)
    os.setxattr(own, "user.delegate", b"1")
    groups = Cgroups.detect(mount=tmp_path, own=membership)
    groups.create(VM, LIMITS)
    folder = own / f"vestibule-{VM}"
    (folder / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 0\noom_kill 2\noom_group_kill 0\n")
    if peak is not None:
        (folder / "memory.peak").write_text(f"{peak << 20}\n")
    memory = MachineMemory(oom_kills=2, limit_hits=0, limit_mib=512, peak_mib=peak)
    assert groups.memory(VM) == memory
    assert not memory.exhausted  # the whole host's shortage killed them


def test_of_a_machine_without_a_group_nothing_is_known(tmp_path: Path) -> None:
    assert v1(tmp_path, "memory", "pids").memory(VM) is None
    assert Cgroups(Kind.NONE, {}, tmp_path).memory(VM) is None
