"""The goldens of this host, by name."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import IO, Any

import structlog

from vestibule.core.errors import Absent, Conflict, GoldenFailed
from vestibule.core.goldens import (
    Change,
    Damage,
    GoldenPlan,
    Manifest,
    PlannedProduct,
    Recipe,
    compare,
    layer_kind,
)
from vestibule.core.ids import GoldenId
from vestibule.core.provenance import GoldenReport, Provenance
from vestibule.drivers.goldens.attest import MANIFEST
from vestibule.drivers.goldens.build import PRODUCT
from vestibule.drivers.goldens.build_logs import BuildLogs
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.collect import Collector, Retention
from vestibule.drivers.goldens.durations import Durations
from vestibule.drivers.goldens.memories import Fits, all_fit
from vestibule.drivers.goldens.quick_check import QuickCheck
from vestibule.drivers.goldens.report import read_provenance, report_of
from vestibule.drivers.goldens.sbom import SBOM
from vestibule.drivers.goldens.scrub import scrub
from vestibule.drivers.goldens.signing import Signer
from vestibule.drivers.goldens.verify import read_damages, snapshots_above, snapshots_of

log = structlog.get_logger()

LIST_REMEDY = "See which are there: vestibule golden list; build the wanted one: vestibule golden build."


def _corrupt(golden_id: GoldenId, damages: Sequence[Damage]) -> GoldenFailed:
    first, more = damages[0], len(damages) - 1
    return GoldenFailed(
        f"golden {golden_id} is damaged: {first.file} of {first.product} {first.problem}"
        + (f", and {more} more" if more else ""),
        remedy="Under the policy rebuild today's golden is made again by itself once no machine runs from it."
        f" At once: stop the controller, run: vestibule golden verify {golden_id} --discard, then make up."
        " An older golden is not made again: vestibule golden rollback leaves it.",
        code="golden_corrupt",
        damages=len(damages),
    )


def _in_use(name: str) -> Conflict:
    return Conflict(
        f"{name} is damaged, or made from what is, and a machine, a build or a controller still uses it",
        remedy="It is made again when the last machine from it has ended (vestibule vm list). At once: stop"
        " the controller, then run: vestibule golden verify --discard.",
        code="golden_in_use",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoldenFiles:
    """Where the products of one golden are."""

    kernel: Path
    initrd: Path
    rootfs: Path
    """All layers merged: what a container mounts read-only."""
    layers: Mapping[str, Path]
    """Kind → squashfs image, bottom first: the disks of a virtual machine that boots from its kernel."""

    @property
    def desktop_layers(self) -> tuple[Path, ...]:
        """The disks below the agent's: all that a machine has which goes on from a snapshot."""
        return tuple(disk for kind, disk in self.layers.items() if kind != "agent")

    @property
    def agent(self) -> Path:
        """The folder of the agent's layer."""
        return self.layers["agent"].parent


class FileHold:
    """Port ``Hold``: a shared lock on a file, which ends with the process, however that ends."""

    def __init__(self, golden_id: GoldenId, file: IO[str]) -> None:
        self.golden_id = golden_id
        self._file = file

    def release(self) -> None:
        """Let go; idempotent."""
        self._file.close()


class DirectoryGoldenStore:
    """Goldens as folders under ``<cache>/goldens``; implements the port ``GoldenInventory``."""

    def __init__(self, cache: Cache, recipe: Recipe, signer: Signer | None = None) -> None:
        """``signer``: signs what is made in this cache; unset, statements are neither made nor checked."""
        self.cache = cache
        self.signer = signer
        self._recipe = recipe
        self._quick_check = QuickCheck(cache, signer)

    def wanted(self) -> GoldenId:
        """The name of the golden that today's inputs make."""
        return self._recipe.golden_id

    def want(self, recipe: Recipe) -> None:
        """Want what this recipe makes from now on: inputs have changed."""
        self._recipe = recipe

    def has(self, golden_id: GoldenId) -> bool:
        """Whether it is finished and stored, layers included."""
        try:
            layers = self.manifest(golden_id).layers
        except Absent:
            return False
        return all(self.cache.has("layers", layer) for layer in layers)

    def usable(self, golden_id: GoldenId) -> Manifest:
        """Its manifest, unless it is known, or seen at a glance, to be damaged.

        Raises Absent, GoldenFailed ``golden_corrupt``.
        """
        manifest = self.manifest(golden_id)
        damages = self._damages(manifest)
        if damages:
            raise _corrupt(golden_id, damages)
        return manifest

    def _damages(self, manifest: Manifest) -> Sequence[Damage]:
        """Of the golden and its layers; snapshots are asked for by who starts from them."""
        products = (*manifest.layers, manifest.golden_id)
        known = [damage for product in products for damage in read_damages(self.cache, product)]
        return known or self._quick_check.disk(manifest.golden_id, manifest.layers)

    def snapshot_damages(self, folder: Path) -> Sequence[Damage]:
        """What is known, or seen at a glance, to be damaged of a finished snapshot (a desktop's too)."""
        return read_damages(self.cache, folder.name) or self._quick_check.snapshot(folder)

    def require_sound(self, golden_id: GoldenId, snapshot: Path) -> None:
        """Raise GoldenFailed ``golden_corrupt`` when a golden's snapshot is damaged."""
        damages = self.snapshot_damages(snapshot)
        if damages:
            raise _corrupt(golden_id, damages)

    def mend(self, golden_id: GoldenId) -> Sequence[str]:
        """Remove what is known, or seen at a glance, to be damaged of it, so that a build makes it again.

        Returns the names of what went.  Raises Conflict ``golden_in_use``.
        """
        try:
            damages = self._damages(self.manifest(golden_id))
        except Absent:
            return ()
        except GoldenFailed:
            damages = (Damage(product=golden_id, file="manifest.json", problem="cannot be read"),)
        return self.discard(damages) if damages else ()

    def verify(self, golden_id: GoldenId) -> Sequence[Damage]:
        """Read everything again; what is damaged is remembered, and no machine starts from it.

        Raises Absent.
        """
        if not self.cache.path("goldens", golden_id).is_dir():
            raise Absent(f"there is no golden {golden_id} on this host", remedy=LIST_REMEDY)
        return scrub(self.cache, golden_id, self.signer)

    def manifest(self, golden_id: GoldenId) -> Manifest:
        """Read its manifest.  Raises Absent; GoldenFailed when it is damaged."""
        path = self.cache.path("goldens", golden_id) / MANIFEST
        try:
            return Manifest.from_mapping(json.loads(path.read_text()))
        except FileNotFoundError as error:
            raise Absent(f"there is no golden {golden_id} on this host", remedy=LIST_REMEDY) from error
        except (ValueError, KeyError, TypeError) as error:
            raise GoldenFailed(
                f"the manifest {path} is damaged: {error!r}",
                remedy=f"Remove the folder {path.parent}, then run: vestibule golden build.",
                code="golden_corrupt",
            ) from error

    def provenance(self, golden_id: GoldenId) -> Provenance:
        """How it came to be, and who says so.  Raises Absent."""
        self.manifest(golden_id)
        return read_provenance(self.cache.path("goldens", golden_id), self.signer)

    def sbom(self, golden_id: GoldenId) -> str:
        """What is in it, as CycloneDX (JSON).  Raises Absent ``sbom_absent`` of an older release's golden."""
        self.manifest(golden_id)
        try:
            return (self.cache.path("goldens", golden_id) / SBOM).read_text()
        except FileNotFoundError as error:
            raise Absent(
                f"golden {golden_id} has no SBOM: an older release made it, or somebody removed it",
                remedy="Build it again, after vestibule golden verify --discard.",
                code="sbom_absent",
            ) from error

    def report(self, golden_id: GoldenId) -> GoldenReport:
        """All that is written down of it.  Raises Absent."""
        return report_of(self.cache, self.manifest(golden_id), self.signer)

    def list(self) -> Sequence[Manifest]:
        """All finished goldens that can be read, newest first: a damaged one must not hide the others."""
        names = sorted(path.parent.name for path in self.cache.root.glob("goldens/g-*/manifest.json"))
        found: list[Manifest] = []
        for name in names:
            try:
                found.append(self.manifest(GoldenId(name)))
            except Absent:  # collected a moment ago
                continue
            except GoldenFailed as error:
                log.warning("A golden is left out", golden_id=name, cause=error.cause)
        return sorted(found, key=lambda manifest: manifest.built_at, reverse=True)

    def hold(self, golden_id: GoldenId) -> FileHold:
        """Keep it from being collected for as long as the hold lasts.  Raises Absent."""
        hold = FileHold(golden_id, self.cache.hold(golden_id))
        try:
            there = self.has(golden_id)
        except BaseException:  # a damaged one must not stay held
            hold.release()
            raise
        if not there:  # it may have been collected just before
            hold.release()
            raise Absent(f"there is no golden {golden_id} on this host", remedy=LIST_REMEDY)
        return hold

    def plan(self, since: GoldenId | None = None) -> GoldenPlan:
        """What a build would do, and what has changed ``since`` (unset: the newest other golden).

        Raises Absent when there is no golden ``since``.
        """
        wanted = self.wanted()
        others = [manifest for manifest in self.list() if manifest.golden_id != wanted]
        before = self.manifest(since) if since else next(iter(others), None)
        last = Durations(self.cache)
        made = [(layer.kind, "layers", layer.name) for layer in self._recipe.layers]
        return GoldenPlan(
            golden_id=wanted,
            since=before.golden_id if before else None,
            products=tuple(
                PlannedProduct(
                    kind=kind,
                    name=name,
                    done=self.cache.has(folder, name),
                    last_build_s=last.seconds(folder, name),
                    last_steps_s=last.steps(folder, name),
                )
                for kind, folder, name in (*made, ("golden", "goldens", wanted))
            ),
            changes=compare(before.inputs, self._recipe.inputs) if before else (),
        )

    def changes(self, before: GoldenId, after: GoldenId) -> Sequence[Change]:
        """What made ``after`` another golden than ``before``: inputs, and the packages that were installed.

        Raises Absent.
        """
        return compare(self._composition(before), self._composition(after))

    def _composition(self, golden_id: GoldenId) -> Mapping[str, Any]:
        """A golden's inputs, and below "packages" the version of each that the archive had that day."""
        manifest = self.manifest(golden_id)
        return {**manifest.inputs, "packages": dict(self._packages(manifest))}

    def _packages(self, manifest: Manifest) -> Iterator[tuple[str, str]]:
        """(package, version) of all layers that install any; a manifest that cannot be read has none."""
        for layer in manifest.layers:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                path = self.cache.path("layers", layer) / MANIFEST
                yield from json.loads(path.read_text())["details"].get("packages", {}).items()

    def discard(self, damages: Sequence[Damage]) -> Sequence[str]:
        """Remove damaged products and all that was made from them; returns their names.

        A golden goes with its layers: its root is hard links to theirs.  Clones that run from a snapshot have
        its files open, and are not touched.  Raises Conflict ``golden_in_use`` when a machine runs from a
        golden that would go, or a controller or a build keeps it or a layer.
        """
        damaged = {damage.product for damage in damages}
        layers = {name for name in damaged if name.startswith("l-")}
        goldens = {name for name in damaged if name.startswith("g-")} | {*self._users_of(layers)}
        desktops = {name for name in damaged if name.startswith("desk-")}
        desktops |= {found.name for found in snapshots_above(self.cache, layers) if found.kind == "desktops"}
        snapshots = {name for name in damaged if name.startswith("snap-")}
        above = snapshots_above(self.cache, layers, desktops)
        snapshots |= {found.name for found in above if found.kind == "snapshots"}
        snapshots |= {path.name for golden in goldens for path in snapshots_of(self.cache, golden, ())}
        removed: dict[str, set[str]] = {
            "snapshots": snapshots,
            "desktops": desktops,
            "goldens": goldens,
            "layers": layers,
        }
        with contextlib.ExitStack() as stack:
            for name in sorted(goldens | layers):
                if not stack.enter_context(self.cache.unheld(name)):
                    raise _in_use(name)
            for kind, names in removed.items():
                for name in names:
                    self.cache.discard(kind, name)
        return sorted(name for names in removed.values() for name in names)

    def log_tail(self, products: Collection[str], lines: int) -> Sequence[str]:
        """The last lines of the newest of these products' logs; empty when they have none."""
        return BuildLogs(self.cache).tail(products, lines)

    def collector(
        self,
        keep: Callable[[], Collection[GoldenId]],
        *,
        newest: int,
        quota_bytes: int,
        fits: Fits = all_fit,
        go_on: Callable[[], None] = lambda: None,
    ) -> Collector:
        """Of goldens that nothing uses, but ``keep``, the wanted one and the ``newest`` few.

        ``fits``: which memory snapshots machines could still go on from; the others go too.
        ``go_on``: called again and again; what it raises ends the look, with nothing half removed.
        """
        retention = Retention(
            goldens=lambda: {*keep(), self.wanted()},
            layers={layer.name for layer in self._recipe.layers},
            newest=newest,
            quota_bytes=quota_bytes,
            fits=fits,
            go_on=go_on,
        )
        return Collector(self.cache, self.list, retention)

    def _users_of(self, layers: AbstractSet[str]) -> Iterator[GoldenId]:
        for path in self.cache.root.glob("goldens/g-*"):
            with contextlib.suppress(GoldenFailed, Absent):  # one that cannot be read uses nothing
                if not layers.isdisjoint(self.manifest(GoldenId(path.name)).layers):
                    yield GoldenId(path.name)

    def files(self, golden_id: GoldenId) -> GoldenFiles:
        """The products of a finished golden.  Raises Absent."""
        folder = self.cache.path("goldens", golden_id)
        layers = self.manifest(golden_id).layers
        return GoldenFiles(
            kernel=folder / "kernel",
            initrd=folder / "initrd",
            rootfs=folder / "rootfs",
            layers={layer_kind(layer): self.cache.path("layers", layer) / PRODUCT for layer in layers},
        )
