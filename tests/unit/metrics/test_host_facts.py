"""What the host has left is read from /proc, of whatever kernel."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vestibule.core.errors import DiskFull, HostUnfit
from vestibule.drivers.host_facts import disk_samples, read_host_facts, require_free

PSI = "some avg10=1.50 avg60=0.70 avg300=0.10 total=9\nfull avg10=0.50 avg60=0.20 avg300=0.00 total=4\n"
OLD_CPU = "some avg10=9.00 avg60=3.00 avg300=0.10 total=9\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    root = tmp_path / "proc"
    (root / "pressure").mkdir(parents=True)
    (root / "meminfo").write_text(
        "MemTotal:  4096 kB\nMemFree: 1 kB\nMemAvailable:  1024 kB\nHugePages_Total: 0\n"
    )
    (root / "loadavg").write_text("1.25 1.00 0.50 2/300 4242\n")
    (root / "pressure/memory").write_text(PSI)
    (root / "pressure/cpu").write_text(OLD_CPU)
    return root


def test_memory_load_and_pressure(proc: Path, tmp_path: Path) -> None:
    facts = read_host_facts({"state": tmp_path}, proc)
    assert (facts.mem_total_bytes, facts.mem_available_bytes, facts.load) == (4 << 20, 1 << 20, 1.25)
    cpu, memory = facts.stalls
    assert (cpu.resource, cpu.some_10s, cpu.full_10s) == ("cpu", 9.0, 0.0)
    assert (memory.resource, memory.some_10s, memory.some_60s, memory.full_10s) == ("memory", 1.5, 0.7, 0.5)
    assert facts.disks[0].total_bytes == shutil.disk_usage(tmp_path).total


def test_a_kernel_without_pressure_has_none(proc: Path) -> None:
    shutil.rmtree(proc / "pressure")
    assert read_host_facts({}, proc).stalls == ()


def test_this_very_host_can_be_read(tmp_path: Path) -> None:
    facts = read_host_facts({"state": tmp_path})
    assert 0 < facts.mem_available_bytes <= facts.mem_total_bytes


def test_a_host_without_proc_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostUnfit) as refusal:
        read_host_facts({}, tmp_path / "nothing")
    assert refusal.value.remedy


def test_a_folder_that_is_not_there_yet_has_its_parent_s_disk(tmp_path: Path) -> None:
    (sample,) = disk_samples({"cache": tmp_path / "not/yet"})
    assert (sample.labels, sample.value > 0) == (("cache",), True)


def test_too_little_space_is_named(tmp_path: Path) -> None:
    require_free({"state": tmp_path}, 0)
    with pytest.raises(DiskFull) as refusal:
        require_free({"state": tmp_path}, 1 << 40)
    assert "state_dir" in refusal.value.cause
    assert "golden gc" in refusal.value.remedy
