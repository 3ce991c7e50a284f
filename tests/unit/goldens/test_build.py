"""The builder with layers that take no time: order, reuse, locks, deaths."""

from __future__ import annotations

import dataclasses
import errno
import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from vestibule.core.errors import Absent, DiskFull, GoldenFailed
from vestibule.core.goldens import Change, LayerRecipe, Recipe
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.build import Build, BuildStep, GoldenBuilder, Workshop
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.store import DirectoryGoldenStore

LAYER = LayerRecipe(kind="base", inputs={"x": "1"}, parent=None)
RECIPE = Recipe(layers=(LAYER,))


class Calls:
    """Counts a step's runs, also those of other processes: one byte per run in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, shop: Workshop) -> None:
        with self.path.open("a") as file:
            file.write("x")
        (shop.folder / "layer.sqfs").write_bytes(b"content")

    @property
    def count(self) -> int:
        return len(self.path.read_text()) if self.path.exists() else 0


def _link(shop: Workshop) -> None:
    (shop.folder / "kernel").write_bytes((shop.parents["base"] / "layer.sqfs").read_bytes())


def _builder(root: Path, act: Callable[[Workshop], None], min_disk_mib: int = 0) -> GoldenBuilder:
    layer = Build(
        kind="layers",
        name=LAYER.name,
        steps=(BuildStep(name="make", act=act),),
        products=("layer.sqfs",),
    )
    golden = Build(
        kind="goldens",
        name=RECIPE.golden_id,
        steps=(BuildStep(name="link", act=_link),),
        products=("kernel",),
    )
    return GoldenBuilder(
        Cache(root),
        RECIPE,
        [layer],
        golden,
        min_mem_mib=1024,
        agent_build="b",
        tools={"t": "1"},
        min_disk_mib=min_disk_mib,
    )


def _silent(step: str, index: int, total: int, seconds: float | None) -> None:
    """Nobody watches."""


def test_the_store_plans_products_and_names_what_changed(tmp_path: Path) -> None:
    def store(recipe: Recipe) -> DirectoryGoldenStore:
        return DirectoryGoldenStore(Cache(tmp_path), recipe)

    first = store(RECIPE).plan()
    assert [(product.kind, product.done, product.last_build_s) for product in first.products] == [
        ("base", False, None),
        ("golden", False, None),
    ]
    assert (first.since, first.changes) == (None, ())
    _builder(tmp_path, Calls(tmp_path / "calls")).build(_silent)
    assert [product.done for product in store(RECIPE).plan().products] == [True, True]
    edited = Recipe(layers=(dataclasses.replace(LAYER, inputs={"x": "2"}),))
    plan = store(edited).plan()
    assert plan.since == RECIPE.golden_id
    assert plan.changes == (Change(layer="base", input="x", before="1", after="2"),)
    assert [product.done for product in plan.products] == [False, False]
    assert all(product.last_build_s is not None for product in plan.products)
    with pytest.raises(Absent):
        store(RECIPE).plan(GoldenId("g-0000000000000000"))


def test_the_plan_lists_every_step_and_what_is_done(tmp_path: Path) -> None:
    builder = _builder(tmp_path, Calls(tmp_path / "calls"))
    assert builder.plan().needed == 2
    builder.build(_silent)
    plan = builder.plan()
    assert [(step.name, step.done) for step in plan.steps] == [("make", True), ("link", True)]
    assert plan.needed == 0


def test_a_disk_too_small_for_the_recipe_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    calls = Calls(tmp_path / "calls")
    with pytest.raises(DiskFull, match="a golden built from nothing needs 1099511627776 MiB") as refused:
        _builder(tmp_path, calls, min_disk_mib=1 << 40).build(_silent)
    assert refused.value.failure_code == "disk_too_small"
    assert calls.count == 0


def test_a_second_build_does_nothing(tmp_path: Path) -> None:
    calls = Calls(tmp_path / "calls")
    first = _builder(tmp_path, calls).build(_silent)
    assert _builder(tmp_path, calls).build(_silent) == first
    assert calls.count == 1


def test_progress_tells_begin_and_end_of_each_step(tmp_path: Path) -> None:
    told: list[tuple[str, int, int, bool]] = []
    _builder(tmp_path, Calls(tmp_path / "calls")).build(
        lambda step, index, total, seconds: told.append((step, index, total, seconds is not None))
    )
    assert told == [
        ("make", 1, 2, False),
        ("make", 1, 2, True),
        ("link", 2, 2, False),
        ("link", 2, 2, True),
    ]


def test_products_are_read_only_and_their_digests_kept(tmp_path: Path) -> None:
    manifest = _builder(tmp_path, Calls(tmp_path / "calls")).build(_silent)
    kernel = tmp_path / "goldens" / manifest.golden_id / "kernel"
    assert kernel.stat().st_mode & 0o222 == 0
    assert set(manifest.digests) == {"kernel"}


def test_the_store_finds_what_was_built(tmp_path: Path) -> None:
    store = DirectoryGoldenStore(Cache(tmp_path), RECIPE)
    assert not store.has(store.wanted())
    manifest = _builder(tmp_path, Calls(tmp_path / "calls")).build(_silent)
    assert store.has(store.wanted())
    assert list(store.list()) == [manifest]
    assert manifest.min_mem_mib == 1024


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    manifest = _builder(tmp_path, Calls(tmp_path / "calls")).build(_silent)
    path = tmp_path / "goldens" / manifest.golden_id / "manifest.json"
    path.chmod(0o644)
    path.write_text("{")
    with pytest.raises(GoldenFailed, match="damaged"):
        DirectoryGoldenStore(Cache(tmp_path), RECIPE).manifest(manifest.golden_id)


def test_a_failing_step_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    def fail(_shop: Workshop) -> None:
        raise GoldenFailed("no such package", remedy="Mend it.")

    with pytest.raises(GoldenFailed, match="step “make” failed: no such package") as failure:
        _builder(tmp_path, fail).build(_silent)
    assert failure.value.remedy == "Mend it."
    assert list((tmp_path / "work").iterdir()) == []
    assert not (tmp_path / "layers").exists()


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    def fill(_shop: Workshop) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DiskFull, match="MiB free"):
        _builder(tmp_path, fill).build(_silent)
    assert list((tmp_path / "work").iterdir()) == []


def test_a_program_that_finds_the_disk_full_is_named(tmp_path: Path) -> None:
    def fill(shop: Workshop) -> None:
        shop.commands.run(["sh", "-c", "echo 'write: No space left on device' >&2; exit 1"])

    with pytest.raises(DiskFull):
        _builder(tmp_path, fill).build(_silent)


def test_a_failing_program_is_quoted(tmp_path: Path) -> None:
    def run(shop: Workshop) -> None:
        shop.commands.run(["sh", "-c", "echo noise; echo 'E: Unable to locate package nosuch' >&2; exit 100"])

    with pytest.raises(GoldenFailed, match="exit code 100: E: Unable to locate package nosuch"):
        _builder(tmp_path, run).build(_silent)


def _die(shop: Workshop) -> None:
    (shop.folder / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)


def _build_in_child(root: Path, act: Callable[[Workshop], None]) -> None:
    _builder(root, act).build(_silent)


def test_a_killed_build_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_build_in_child, args=(tmp_path, _die))
    child.start()
    child.join(30)
    assert child.exitcode == -signal.SIGKILL
    assert [path.name.rpartition("-")[0] for path in (tmp_path / "work").iterdir()] == [LAYER.name]
    _builder(tmp_path, Calls(tmp_path / "calls")).build(_silent)
    assert list((tmp_path / "work").iterdir()) == []


def test_two_builders_of_one_name_build_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    calls = Calls(tmp_path / "calls")
    children = [context.Process(target=_build_in_child, args=(tmp_path, calls)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert calls.count == 1


def test_seconds_of_every_step_are_kept_and_are_the_next_builds_estimate(tmp_path: Path) -> None:
    manifest = _builder(tmp_path, Calls(tmp_path / "calls")).build(_silent)
    layer = json.loads((tmp_path / "layers" / LAYER.name / "manifest.json").read_text())
    assert list(layer["steps"]) == ["make"]
    assert list(manifest.steps) == ["link"]
    assert 0 <= layer["steps"]["make"] <= layer["build_s"]
    edited = Recipe(layers=(dataclasses.replace(LAYER, inputs={"x": "2"}),))
    plan = DirectoryGoldenStore(Cache(tmp_path), edited).plan()
    assert [product.last_steps_s for product in plan.products] == [layer["steps"], manifest.steps]
    assert plan.estimate_s == pytest.approx(layer["build_s"] + manifest.build_s)


def test_a_planned_step_has_the_seconds_of_the_newest_of_its_kind(tmp_path: Path) -> None:
    builder = _builder(tmp_path, Calls(tmp_path / "calls"))
    assert [step.estimate_s for step in builder.plan().steps] == [None, None]
    for name, built_at, seconds in (("older", "2026-11-22", 9.0), ("newer", "2026-11-23", 4.0)):
        folder = tmp_path / "layers" / f"l-base-{name}"
        folder.mkdir(parents=True)
        manifest = {"built_at": built_at, "build_s": seconds, "steps": {"make": seconds}}
        (folder / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "layers" / "l-base-damaged").mkdir()
    (tmp_path / "layers" / "l-base-damaged" / "manifest.json").write_text("{")
    assert [step.estimate_s for step in builder.plan().steps] == [4.0, None]


def test_a_plan_without_an_estimate_for_every_product_has_none(tmp_path: Path) -> None:
    assert DirectoryGoldenStore(Cache(tmp_path), RECIPE).plan().estimate_s is None
    _builder(tmp_path, Calls(tmp_path / "calls")).build(_silent)
    assert DirectoryGoldenStore(Cache(tmp_path), RECIPE).plan().estimate_s == 0


def test_what_was_made_while_somebody_saved_an_input_gets_no_name(tmp_path: Path) -> None:
    builder = _builder(tmp_path, Calls(tmp_path / "calls"))
    saved = dataclasses.replace(LAYER, inputs={"saved": "meanwhile"})
    builder._recipe_now = lambda: Recipe(layers=(saved,))
    with pytest.raises(GoldenFailed) as refused:
        builder.build(_silent)
    assert refused.value.failure_code == "inputs_moved"
    assert LAYER.name in refused.value.cause
    assert not Cache(tmp_path).has("layers", LAYER.name)
    assert list((tmp_path / "work").iterdir()) == []


def _two_layers(
    root: Path, bottom: Callable[[Workshop], None], top: Callable[[Workshop], None]
) -> GoldenBuilder:
    upper = LayerRecipe(kind="browser", inputs={}, parent=LAYER.name)
    recipe = Recipe(layers=(LAYER, upper))
    layers = [
        Build(
            kind="layers",
            name=layer.name,
            steps=(BuildStep(name=layer.kind, act=act),),
            products=("layer.sqfs",),
        )
        for layer, act in ((LAYER, bottom), (upper, top))
    ]
    golden = Build(
        kind="goldens", name=recipe.golden_id, steps=(BuildStep(name="link", act=_link),), products=()
    )
    return GoldenBuilder(Cache(root), recipe, layers, golden, min_mem_mib=1, agent_build="b", tools={})


def _other_bytes(shop: Workshop) -> None:
    (shop.folder / "layer.sqfs").write_bytes(b"what the archive has today")


@pytest.mark.parametrize(("again", "made_again"), [(_other_bytes, 2), (None, 1)])
def test_a_layer_is_made_again_when_the_one_below_has_other_bytes(
    tmp_path: Path, again: Callable[[Workshop], None] | None, made_again: int
) -> None:
    """A damaged base that is discarded gets another day's packages under the same name."""
    below, above = Calls(tmp_path / "below"), Calls(tmp_path / "above")
    _two_layers(tmp_path, below, above).build(_silent)
    Cache(tmp_path).discard("layers", LAYER.name)
    builder = _two_layers(tmp_path, again or below, above)
    assert [step.done for step in builder.plan().steps] == [False, False, False]
    builder.build(_silent)
    assert above.count == made_again
    assert builder.plan().needed == 0
