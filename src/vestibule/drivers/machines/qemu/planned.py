"""Snapshots in a plan: which there are, which a renewal makes, and what has changed of what names them.

A snapshot is named by the bytes of its disks: where one of those is not made yet, it has no name.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vestibule.core.errors import HostUnfit
from vestibule.core.goldens import (
    Change,
    DesktopKey,
    GoldenPlan,
    MachineShape,
    PlannedProduct,
    SnapshotKey,
    compare,
)
from vestibule.core.ids import GoldenId
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.build import PRODUCT
from vestibule.drivers.goldens.durations import Durations
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.qemu import desktops, snapshot
from vestibule.drivers.machines.qemu.desktops import shape_of

LAYER = "snapshot"
"""Under which the shape's changes are told."""
_NAMES: Mapping[str, str] = {"vmm": "qemu"}
"""Fields of a shape that people know by another name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlansWithSnapshots:
    """Implements the port ``Plans``."""

    store: DirectoryGoldenStore
    accelerator: str
    limits: Limits
    needed: bool
    """Whether a renewal makes snapshots here."""

    def plan(self, since: GoldenId | None = None) -> GoldenPlan:
        """See services.golden_ports.Plans; without snapshots where QEMU, and so a snapshot, cannot be."""
        plan = self.store.plan(since)
        try:
            shape = shape_of(self.accelerator, self.limits)
        except HostUnfit:
            return plan
        products = (*plan.products, *self._products(plan, shape))
        changes = (*plan.changes, *self._changes(plan, shape))
        return dataclasses.replace(plan, products=products, changes=changes, shape=shape)

    def _products(self, plan: GoldenPlan, shape: MachineShape) -> Iterator[PlannedProduct]:
        layers = [product.name or "" for product in plan.products[:-1]]  # the last one is the golden itself
        desktop = self._desktop_name(shape, layers[:-1])
        yield self._product("desktop snapshot", desktops.KIND, "desk", desktop)
        name = self._snapshot_name(plan.golden_id, shape, layers, desktop)
        yield self._product("snapshot", snapshot.KIND, "snap", name)

    def _desktop_name(self, shape: MachineShape, layers: Sequence[str]) -> str | None:
        disks = self._disks(layers)
        if disks is None:
            return None
        return DesktopKey(shape=shape, disks=disks, settled=desktops.QUIET.rule).name

    def _snapshot_name(
        self, golden_id: GoldenId, shape: MachineShape, layers: Sequence[str], desktop: str | None
    ) -> str | None:
        disks = self._disks(layers)
        if disks is None or desktop is None:
            return None
        settled = snapshot.QUIET.rule
        return SnapshotKey(
            golden_id=golden_id, shape=shape, disks=disks, desktop=desktop, settled=settled
        ).name

    def _disks(self, layers: Sequence[str]) -> Mapping[str, str] | None:
        """Layer → SHA-256 of its disk; None when one is not made yet."""
        if not all(self.store.cache.has("layers", layer) for layer in layers):
            return None
        digests = {layer: _mapping(self._manifest("layers", layer), "digests") for layer in layers}
        return {layer: str(files.get(PRODUCT, "")) for layer, files in digests.items()}

    def _product(self, kind: str, folder: str, prefix: str, name: str | None) -> PlannedProduct:
        steps = Durations(self.store.cache).steps(folder, f"{prefix}-")
        return PlannedProduct(
            kind=kind,
            name=name,
            done=name is not None and self._is_whole(folder, name),
            last_build_s=sum(steps.values()) if steps else None,
            last_steps_s=steps,
            needed=self.needed,
        )

    def _is_whole(self, folder: str, name: str) -> bool:
        """A desktop that never grew quiet is made again."""
        manifest = self._manifest(folder, name)
        return bool(manifest) and (folder != desktops.KIND or bool(manifest.get("quiet")))

    def _changes(self, plan: GoldenPlan, shape: MachineShape) -> Sequence[Change]:
        """Between today's shape and that of the newest snapshot of this golden, or of the one before."""
        after = {LAYER: _inputs(dataclasses.asdict(shape))}
        for golden_id in filter(None, (plan.golden_id, plan.since)):
            found = self._newest_shape(golden_id)
            if found is not None and (changes := compare({LAYER: _inputs(found)}, after)):
                return changes
        return ()

    def _newest_shape(self, golden_id: GoldenId) -> Mapping[str, Any] | None:
        paths = self.store.cache.root.glob(f"{snapshot.KIND}/*/manifest.json")
        manifests = [self._manifest(snapshot.KIND, path.parent.name) for path in paths]
        own = [m for m in manifests if _mapping(m, "key").get("golden_id") == golden_id and "built_at" in m]
        newest = max(own, key=lambda manifest: str(manifest["built_at"]), default={})
        return _mapping(_mapping(newest, "key"), "shape") or None

    def _manifest(self, kind: str, name: str) -> Mapping[str, Any]:
        """Empty when it is not there or cannot be read."""
        try:
            found = json.loads((self.store.cache.path(kind, name) / "manifest.json").read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _mapping(manifest: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """A field that should hold fields; empty in a manifest of another form."""
    found = manifest.get(field)
    return found if isinstance(found, dict) else {}


def _inputs(shape: Mapping[str, Any]) -> Mapping[str, Any]:
    return {_NAMES.get(name, name): value for name, value in shape.items()}
