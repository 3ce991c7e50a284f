"""Builds a golden: plans the steps that are missing, makes each layer once, merges, checks, publishes.

A build may be killed at any moment: what is not finished lies in a work folder that the next build removes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from vestibule.core.errors import DiskFull, GoldenFailed, VestibuleError
from vestibule.core.goldens import LayerRecipe, Manifest, Recipe
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.attest import MANIFEST, Attestor
from vestibule.drivers.goldens.cache import Cache, file_digest, make_read_only, remove_tree
from vestibule.drivers.goldens.commands import Commands
from vestibule.drivers.goldens.durations import Durations
from vestibule.drivers.goldens.jail import Jail

PRODUCT = "layer.sqfs"
"""A layer's disk image."""


class Progress(Protocol):
    """Told when a step begins (``seconds`` is None) and when it has ended."""

    def __call__(self, step: str, index: int, total: int, seconds: float | None) -> None:
        """``index`` counts from 1 to ``total``, over the steps this build really does.

        A wait for another builder is told as a step that begins and has no end of its own.
        """
        ...


@dataclasses.dataclass(kw_only=True)
class Workshop:
    """What a step of a build works with."""

    folder: Path
    """The product's folder while it is made."""
    parents: Mapping[str, Path]
    """Kind → finished folder of a layer below, bottom first (of all layers, for the golden itself)."""
    commands: Commands
    jail: Jail = dataclasses.field(default_factory=Jail)
    """For programs that this build did not write."""
    details: dict[str, Any] = dataclasses.field(default_factory=dict)
    """What a step found out; goes into the manifest."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BuildStep:
    """One thing to do, named for the person who watches."""

    name: str
    act: Callable[[Workshop], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Build:
    """How one product is made: a layer, or the golden on top of its layers."""

    kind: str
    """"layers" or "goldens"."""
    name: str
    steps: tuple[BuildStep, ...]
    products: tuple[str, ...]
    """Files whose digests go into the manifest; made read-only."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """A step and whether its product is there already."""

    name: str
    product: str
    """Name of the layer or golden that it is a part of, whose log it writes to."""
    done: bool
    estimate_s: float | None
    """How long it took the last time on this host; None when it was never done."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What a build would do now."""

    golden_id: GoldenId
    steps: tuple[PlannedStep, ...]

    @property
    def needed(self) -> int:
        """How many steps are still to do."""
        return sum(not step.done for step in self.steps)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Making:
    """One product's making, when its steps are done."""

    began_at: dt.datetime
    build_s: float
    steps: Mapping[str, float]
    made_with: Mapping[str, str]


class GoldenBuilder:
    """Makes the golden of one recipe.  Blocking: call it from a thread of its own or a command."""

    def __init__(
        self,
        cache: Cache,
        recipe: Recipe,
        layers: Sequence[Build],
        golden: Build,
        *,
        min_mem_mib: int,
        agent_build: str,
        tools: dict[str, str],
        min_disk_mib: int = 0,
        agent_files: Mapping[str, str] | None = None,
        contract: int = 0,
        jail: Jail | None = None,
        recipe_now: Callable[[], Recipe] | None = None,
        attestor: Attestor | None = None,
        believed: Callable[[str, str], bool] = lambda _kind, _name: True,
    ) -> None:
        """``min_disk_mib``: free disk that a build from nothing needs.

        ``attestor``: unset, the golden gets neither SBOM nor signed statements.
        ``believed``: whether a stored product (kind, name) was made by who is trusted; else it is made again.
        """
        self._cache = cache
        self._jail = jail or Jail()
        self._attestor = attestor
        self._believed = believed
        self._min_disk_mib = min_disk_mib
        self._recipe = recipe
        self._recipe_now = recipe_now or (lambda: recipe)
        self._builds = (*layers, golden)
        self._min_mem_mib = min_mem_mib
        self._agent_build = agent_build
        self._agent_files = agent_files or {}
        self._contract = contract
        self._tools = tools

    def plan(self) -> Plan:
        """The steps, done and needed, without doing any."""
        steps = (step for build in self._builds for step in self._planned(build))
        return Plan(golden_id=self._recipe.golden_id, steps=tuple(steps))

    def _planned(self, build: Build) -> Iterator[PlannedStep]:
        done, last = self._done(build), Durations(self._cache).steps(build.kind, build.name)
        for step in build.steps:
            estimate_s = last.get(step.name)
            yield PlannedStep(name=step.name, product=build.name, done=done, estimate_s=estimate_s)

    def build(self, progress: Progress) -> Manifest:
        """Do the steps that are needed; returns the golden's manifest.

        Waits while another process builds the same.  Raises GoldenFailed naming the step, DiskFull or
        HostUnfit.
        """
        if not self._done(self._builds[0]):
            self._require_disk()
        with contextlib.ExitStack() as stack:
            for build in self._builds:  # a finished layer without a golden must not be collected now
                stack.enter_context(self._cache.hold(build.name))
            self._make_missing(progress)
        return self._golden_manifest()

    def _make_missing(self, progress: Progress) -> None:
        counter = _Counter(progress, lambda: self.plan().needed)
        for build in self._builds:
            with self._cache.lock(build.name, on_wait=counter.wait):
                if not self._done(build):
                    counter.count()
                    self._make(build, counter)

    def _is_of_other_disks(self) -> bool:
        """Whether the stored golden was merged from layers that have been made again since, or is damaged."""
        try:
            return self._golden_manifest().disks != self._disks()
        except (OSError, ValueError, KeyError, TypeError):
            return True

    def _disks(self) -> dict[str, str]:
        return {layer.name: self._disk(layer.name) for layer in self._recipe.layers}

    def _disk(self, layer: str) -> str:
        manifest = self._cache.path("layers", layer) / MANIFEST
        return str(json.loads(manifest.read_text())["digests"].get(PRODUCT, "")) if manifest.exists() else ""

    def _require_disk(self) -> None:
        """Say it before minutes are spent.  Raises DiskFull ``disk_too_small``."""
        self._cache.root.mkdir(parents=True, exist_ok=True)
        free_mib = shutil.disk_usage(self._cache.root).free >> 20
        if free_mib < self._min_disk_mib:
            raise DiskFull(
                f"{self._cache.root} has {free_mib} MiB free; a golden built from nothing needs"
                f" {self._min_disk_mib} MiB",
                remedy="Free space there, or set cache_dir to a folder on a larger disk.",
                code="disk_too_small",
            )

    def _done(self, build: Build) -> bool:
        if not (self._cache.has(build.kind, build.name) and self._believed(build.kind, build.name)):
            return False
        return not (self._is_of_other_disks() if build.kind == "goldens" else self._is_above_another(build))

    def _is_above_another(self, build: Build) -> bool:
        """Whether the layer below was made again since, with other bytes: what was made above it may not fit.

        From a moving archive, two disks share one name.
        """
        parent = self._layer(build.name).parent
        if parent is None:
            return False
        try:
            made = json.loads((self._cache.path(build.kind, build.name) / MANIFEST).read_text())
            return bool(made["parent_disk"] != self._disk(parent))
        except (OSError, ValueError, KeyError, TypeError):
            return True

    def _make(self, build: Build, counter: _Counter) -> None:
        begin, began_at = time.monotonic(), dt.datetime.now(dt.UTC)
        log = self._cache.root / "logs" / f"{build.name}.log"
        log.unlink(missing_ok=True)
        with self._cache.work(build.name) as folder:
            # Many programs leave temporary files behind, each when it is killed.
            tmp = folder / "tmp"
            tmp.mkdir()
            commands = Commands(log, tmp)
            shop = Workshop(folder=folder, parents=self._parents(build), commands=commands, jail=self._jail)
            steps = {step.name: counter.run(step, shop) for step in build.steps}
            remove_tree(tmp)
            making = _Making(
                began_at=began_at,
                build_s=round(time.monotonic() - begin, 3),
                steps=steps,
                made_with=self._made_with(build),
            )
            self._finish(build, shop, making)
            self._require_same_inputs(build)
            self._cache.publish(folder, build.kind, build.name)

    def _require_same_inputs(self, build: Build) -> None:
        """What was read while the product was made is what its name says: nobody saved a file meanwhile."""
        now = self._recipe_now()
        if build.name not in {now.golden_id, *(layer.name for layer in now.layers)}:
            raise GoldenFailed(
                f"an input of {build.name} was changed while it was made",
                remedy="Build again: vestibule golden build.",
                code="inputs_moved",
            )

    def _parents(self, build: Build) -> dict[str, Path]:
        below = self._builds[: self._builds.index(build)]
        return {self._layer(layer.name).kind: self._cache.path("layers", layer.name) for layer in below}

    def _made_with(self, build: Build) -> Mapping[str, str]:
        kind = "golden" if build.kind == "goldens" else self._layer(build.name).kind
        return self._attestor.made_with(kind) if self._attestor else {}

    def _finish(self, build: Build, shop: Workshop, making: _Making) -> None:
        attestor, is_golden = self._attestor, build.kind == "goldens"
        more = [attestor.write_sbom(shop.folder)] if attestor and is_golden else []
        digests = {name: file_digest(shop.folder / name) for name in (*build.products, *more)}
        for name in build.products:
            make_read_only(shop.folder / name)
        manifest = shop.folder / MANIFEST
        content = self._manifest_content(build, shop, digests, making)
        manifest.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
        make_read_only(manifest)
        if attestor and is_golden:
            attestor.write_statement(shop.folder, making.began_at)
        elif attestor:
            attestor.write_layer_statement(shop.folder, self._layer(build.name), making.began_at)

    def _manifest_content(
        self, build: Build, shop: Workshop, digests: dict[str, str], making: _Making
    ) -> dict[str, Any]:
        now = dt.datetime.now(dt.UTC)
        if build.kind == "goldens":
            return {**self._describe(digests, now, making).to_mapping(), "details": shop.details}
        layer = self._layer(build.name)
        return {
            **dataclasses.asdict(layer),
            "name": layer.name,
            "digests": digests,
            "parent_disk": self._disk(layer.parent) if layer.parent else None,
            "details": shop.details,
            "built_at": now.isoformat(),
            "build_s": making.build_s,
            "steps": dict(making.steps),
            "made_with": dict(making.made_with),
        }

    def _layer(self, name: str) -> LayerRecipe:
        return next(layer for layer in self._recipe.layers if layer.name == name)

    def _describe(self, digests: dict[str, str], now: dt.datetime, making: _Making) -> Manifest:
        return Manifest(
            golden_id=self._recipe.golden_id,
            agent_build=self._agent_build,
            agent_files=self._agent_files,
            contract=self._contract,
            layers=tuple(layer.name for layer in self._recipe.layers),
            inputs=self._recipe.inputs,
            digests=digests,
            tools=self._tools,
            built_at=now,
            build_s=making.build_s,
            steps=making.steps,
            made_with=making.made_with,
            min_mem_mib=self._min_mem_mib,
            disks=self._disks(),
        )

    def _golden_manifest(self) -> Manifest:
        path = self._cache.path("goldens", self._recipe.golden_id) / MANIFEST
        return Manifest.from_mapping(json.loads(path.read_text()))


class _Counter:
    """Numbers the steps that are really done, and names the one that fails."""

    def __init__(self, progress: Progress, needed: Callable[[], int]) -> None:
        self._progress = progress
        self._needed = needed
        self._index = 0
        self._total = needed()

    def count(self) -> None:
        """Count again: another builder may have done some steps meanwhile."""
        self._total = self._index + self._needed()

    def wait(self) -> None:
        """Another process builds the same product."""
        self._progress("wait for another build of the same", self._index, self._total, None)

    def run(self, step: BuildStep, shop: Workshop) -> float:
        """Do one step; returns its seconds."""
        self._index += 1
        shop.commands.note(f"step {self._index}/{self._total}: {step.name}")
        self._progress(step.name, self._index, self._total, None)
        begin = time.monotonic()
        try:
            step.act(shop)
        except GoldenFailed as error:
            raise _at_step(step.name, error) from error
        seconds = round(time.monotonic() - begin, 3)
        self._progress(step.name, self._index, self._total, seconds)
        return seconds


def _at_step(step: str, error: VestibuleError) -> GoldenFailed:
    return GoldenFailed(
        f"step “{step}” failed: {error.cause}",
        remedy=error.remedy,
        code=error.failure_code,
        **error.evidence,
        step=step,
    )
