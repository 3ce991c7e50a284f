"""Reads what the host has left: memory, load, pressure, and the disks of our folders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vestibule.core.errors import DiskFull, HostUnfit
from vestibule.core.host_facts import Disk, HostFacts, Stall
from vestibule.core.metrics import DISK_FREE, Sample
from vestibule.drivers import proc as kernel

_RESOURCES = ("cpu", "memory", "io")


def read_host_facts(folders: Mapping[str, Path], proc: Path = kernel.PROC) -> HostFacts:
    """``folders``: what each is for → path.  Raises HostUnfit when there is no /proc to read."""
    memory, load = kernel.memory(proc), kernel.load(proc)
    if load is None or not {"MemTotal", "MemAvailable"} <= memory.keys():
        raise HostUnfit(
            "The host's memory and load could not be read from /proc.",
            remedy="Mount /proc for the controller.",
        )
    return HostFacts(
        mem_total_bytes=memory["MemTotal"],
        mem_available_bytes=memory["MemAvailable"],
        load=load,
        cpus=os.cpu_count() or 1,
        stalls=tuple(_stalls(proc)),
        disks=tuple(read_disks(folders)),
    )


def read_disks(folders: Mapping[str, Path]) -> Sequence[Disk]:
    """Of a folder that is not there yet, the disk that it would be on."""
    return [_disk(name, path) for name, path in folders.items()]


def disk_samples(folders: Mapping[str, Path]) -> Sequence[Sample]:
    """Free space, as metrics."""
    return [
        Sample(metric=DISK_FREE, labels=(disk.folder,), value=disk.free_bytes) for disk in read_disks(folders)
    ]


def require_free(folders: Mapping[str, Path], floor_mib: int) -> None:
    """Raises DiskFull when one of the folders has less than ``floor_mib`` left."""
    for disk in read_disks(folders):
        free_mib = disk.free_bytes >> 20
        if free_mib < floor_mib:
            raise DiskFull(
                f"{free_mib} MiB are free below {disk.folder}_dir; sign-ins want {floor_mib} (min_free_mib).",
                remedy=f"Free space on the disk of {disk.folder}_dir: vestibule golden gc, and the evidence"
                " folder (evidence_quota_mib, evidence_keep_days).",
            )


def _disk(name: str, path: Path) -> Disk:
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    usage = shutil.disk_usage(there)
    return Disk(folder=name, free_bytes=usage.free, total_bytes=usage.total)


def _stalls(proc: Path) -> Iterator[Stall]:
    for resource in _RESOURCES:
        lines = kernel.pressure(resource, proc)
        if "some" in lines:
            some, full = lines["some"], lines.get("full", {})
            yield Stall(
                resource=resource,
                some_10s=some["avg10"],
                some_60s=some["avg60"],
                full_10s=full.get("avg10", 0.0),  # before Linux 5.13 there is no such line for the processor
                full_60s=full.get("avg60", 0.0),
            )
