"""What the host has and lacks: memory, pressure and load, for admission and for explanations."""

from __future__ import annotations

import os
from pathlib import Path

from vestibule.core.admission import Room
from vestibule.core.pressure import Pressure
from vestibule.drivers import proc as kernel
from vestibule.services.host import Check


def read_pressure(proc: Path = kernel.PROC) -> Pressure:
    """The counters now; what this kernel does not count is 0, and so never changes."""
    counted = kernel.counters(proc)
    return Pressure(
        reclaims=sum(count for name, count in counted.items() if name.startswith("allocstall")),
        oom_kills=counted.get("oom_kill", 0),
        stalled_s=(_pressure("memory", "full", "total", proc) or 0.0) / 1e6,
        load=(kernel.load(proc) or 0.0) / (os.cpu_count() or 1),
        memory=_pressure("memory", "some", "avg10", proc) or 0.0,
        cpu=_pressure("cpu", "some", "avg10", proc) or 0.0,
        io=_pressure("io", "some", "avg10", proc) or 0.0,
    )


def read_room(proc: Path = kernel.PROC) -> Room:
    """Memory and pressure now, for admission."""
    available = kernel.memory(proc).get("MemAvailable")
    return Room(
        available_mib=None if available is None else available >> 20,
        memory_pressure=_pressure("memory", "full", "avg10", proc),
        cpu_pressure=_pressure("cpu", "some", "avg10", proc),
    )


def pressure_check(proc: Path = kernel.PROC) -> Check:
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


def _pressure(resource: str, kind: str, field: str, proc: Path) -> float | None:
    """None where it is not measured."""
    return kernel.pressure(resource, proc).get(kind, {}).get(field)
