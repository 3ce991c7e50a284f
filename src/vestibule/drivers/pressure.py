"""What the host has and lacks: /proc/meminfo, vmstat, pressure/{memory,cpu,io} and loadavg (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from vestibule.core.admission import Room
from vestibule.core.pressure import Pressure
from vestibule.services.host import Check


def read_pressure(proc: Path = Path("/proc")) -> Pressure:
    """The counters now; what this kernel does not count is 0, and so never changes."""
    counted = _vmstat(proc / "vmstat")
    return Pressure(
        reclaims=sum(count for name, count in counted.items() if name.startswith("allocstall")),
        oom_kills=counted.get("oom_kill", 0),
        stalled_s=_stalled_us(proc / "pressure/memory") / 1e6,
        load=_load(proc / "loadavg") / (os.cpu_count() or 1),
        memory=_average(proc / "pressure/memory", "some") or 0.0,
        cpu=_average(proc / "pressure/cpu", "some") or 0.0,
        io=_average(proc / "pressure/io", "some") or 0.0,
    )


def read_room(proc: Path = Path("/proc")) -> Room:
    """Memory and pressure now, for admission."""
    available = next((line for line in _lines(proc / "meminfo") if line.startswith("MemAvailable:")), None)
    return Room(
        available_mib=int(available.split()[1]) >> 10 if available else None,
        memory_pressure=_average(proc / "pressure/memory", "full"),
        cpu_pressure=_average(proc / "pressure/cpu", "some"),
    )


def pressure_check(proc: Path = Path("/proc")) -> Check:
    """For ``doctor``: whether admission can judge by pressure."""
    room = read_room(proc)
    measured = room.memory_pressure is not None and room.cpu_pressure is not None
    return Check(
        name="pressure",
        ok=measured,
        detail=f"{room.available_mib} MiB of memory available, stood still for it in"
        f" {room.memory_pressure:g} %, waited for a processor in {room.cpu_pressure:g} % of ten seconds"
        if measured
        else "this kernel does not measure it: starts are judged by free memory and places alone",
        fix="Boot a kernel with CONFIG_PSI and psi=1.",
        needed=False,
    )


def _average(path: Path, kind: str) -> float | None:
    """Of "some avg10=18.12 avg60=14.64 …": percent of the last ten seconds; None where it is not measured."""
    line = next((line for line in _lines(path) if line.startswith(f"{kind} ")), None)
    return None if line is None else float(line.split()[1].removeprefix("avg10="))


def _vmstat(path: Path) -> Mapping[str, int]:
    return {name: int(count) for name, _, count in (line.partition(" ") for line in _lines(path))}


def _stalled_us(path: Path) -> int:
    """The line "full avg10=0.00 avg60=0.00 avg300=0.00 total=41449", in microseconds."""
    full = next((line for line in _lines(path) if line.startswith("full ")), "total=0")
    return int(full.rpartition("total=")[2])


def _load(path: Path) -> float:
    return float(next(iter(_lines(path)), "0").split()[0])


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:  # a kernel without pressure accounting, or with it switched off
        return []
