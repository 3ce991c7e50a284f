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

from vestibule.core.errors import Absent, GoldenFailed
from vestibule.core.goldens import Change, Damage, GoldenPlan, Manifest, PlannedProduct, Recipe, compare
from vestibule.core.ids import GoldenId
from vestibule.core.provenance import GoldenReport, Provenance
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.collect import Collected, Collector, Retention
from vestibule.drivers.goldens.durations import Durations
from vestibule.drivers.goldens.memories import Fits, all_fit
from vestibule.drivers.goldens.report import read_provenance, report_of
from vestibule.drivers.goldens.sbom import SBOM
from vestibule.drivers.goldens.signing import Signer
from vestibule.drivers.goldens.verify import (
    desktops_on,
    read_damages,
    snapshots_from,
    snapshots_of,
    verify,
    write_damages,
)
from vestibule.drivers.goldens.verify_statements import verify_statements

log = structlog.get_logger()

_TAIL_BYTES = 16_384
LIST_REMEDY = "See which are there: vestibule golden list; build the wanted one: vestibule golden build."


def _corrupt(golden_id: GoldenId, damages: Sequence[Damage]) -> GoldenFailed:
    first, more = damages[0], len(damages) - 1
    return GoldenFailed(
        f"golden {golden_id} is damaged: {first.file} of {first.product} {first.problem}"
        + (f", and {more} more" if more else ""),
        remedy="Stop the controller, run: vestibule golden verify --discard, then start it with make up.",
        code="golden_corrupt",
        damages=len(damages),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoldenFiles:
    """Where the products of one golden are."""

    kernel: Path
    initrd: Path
    rootfs: Path
    """All layers merged: what a container mounts read-only."""
    layers: tuple[Path, ...]
    """A squashfs image per layer, bottom first: the disks of a virtual machine that boots from its kernel."""

    @property
    def desktop_layers(self) -> tuple[Path, ...]:
        """The disks below the agent's: all that a machine has which goes on from a snapshot."""
        return self.layers[:-1]

    @property
    def agent(self) -> Path:
        """The folder of the agent's layer."""
        return self.layers[-1].parent


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
        """Its manifest, unless it is known to be damaged.  Raises Absent, GoldenFailed ``golden_corrupt``."""
        manifest = self.manifest(golden_id)
        known = read_damages(self.cache, golden_id)
        if known:
            raise _corrupt(golden_id, known)
        return manifest

    def verify(self, golden_id: GoldenId) -> Sequence[Damage]:
        """Read everything again; what is damaged is remembered, and no machine starts from it.

        Raises Absent.
        """
        if not self.cache.path("goldens", golden_id).is_dir():
            raise Absent(f"there is no golden {golden_id} on this host", remedy=LIST_REMEDY)
        damages = (
            *verify(self.cache, golden_id),
            *(verify_statements(self.cache, golden_id, self.signer) if self.signer else ()),
        )
        write_damages(self.cache, golden_id, damages)
        return damages

    def manifest(self, golden_id: GoldenId) -> Manifest:
        """Read its manifest.  Raises Absent; GoldenFailed when it is damaged."""
        path = self.cache.path("goldens", golden_id) / "manifest.json"
        try:
            return Manifest.from_mapping(json.loads(path.read_text()))
        except FileNotFoundError as error:
            raise Absent(f"there is no golden {golden_id} on this host", remedy=LIST_REMEDY) from error
        except (ValueError, KeyError, TypeError) as error:
            raise GoldenFailed(
                f"the manifest {path} is damaged: {error!r}",
                remedy=f"Remove the folder {path.parent}, then run: vestibule golden build.",
                code="golden_damaged",
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
        return {**manifest.inputs, "packages": self._packages(manifest.layers[0]) if manifest.layers else {}}

    def _packages(self, base: str) -> Mapping[str, str]:
        try:
            details = json.loads((self.cache.path("layers", base) / "manifest.json").read_text())["details"]
            return dict(details.get("packages", {}))
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def discard(self, golden_id: GoldenId, damages: Sequence[Damage]) -> Sequence[str]:
        """Remove damaged products and all that was made from them; returns their names.

        The golden goes too: its root is hard links to its layers' roots.  Nothing may run from them.
        """
        damaged = {damage.product for damage in damages}
        goldens: set[str] = {golden_id, *self._users_of(damaged)}
        layers = {name for name in damaged if name.startswith("l-")}
        desktops = {name for name in damaged if name.startswith("desk-")}
        desktops |= {path.name for path in desktops_on(self.cache, layers)}
        snapshots = {path.name for golden in goldens for path in snapshots_of(self.cache, GoldenId(golden))}
        snapshots |= {path.name for path in snapshots_from(self.cache, desktops)}
        removed: dict[str, set[str]] = {
            "snapshots": snapshots,
            "desktops": desktops,
            "goldens": goldens,
            "layers": layers,
        }
        for kind, names in removed.items():
            for name in names:
                self.cache.discard(kind, name)
        for golden in goldens:
            write_damages(self.cache, GoldenId(golden), ())
        return sorted(name for names in removed.values() for name in names)

    def log_tail(self, lines: int) -> Sequence[str]:
        """The last lines of the newest log of a build; empty when nothing was ever built."""
        logs = sorted(self.cache.root.glob("logs/*.log"), key=_changed_ns)
        if not logs:
            return ()
        with contextlib.suppress(OSError), logs[-1].open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
            return file.read().decode(errors="replace").splitlines()[-lines:]
        return ()

    def collect(
        self,
        keep: Callable[[], Collection[GoldenId]],
        *,
        newest: int,
        quota_bytes: int,
        fits: Fits = all_fit,
        go_on: Callable[[], None] = lambda: None,
        dry_run: bool = False,
    ) -> Sequence[Collected]:
        """Remove goldens that nothing uses, but ``keep``, the wanted one and the ``newest`` few.

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
        return Collector(self.cache, self.list, retention).collect(dry_run=dry_run)

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
            layers=tuple(self.cache.path("layers", layer) / "layer.sqfs" for layer in layers),
        )


def _changed_ns(path: Path) -> int:
    """0 for what was removed a moment ago."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
