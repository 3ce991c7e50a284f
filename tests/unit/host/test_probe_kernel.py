"""KVM is probed with the kernel that machines are started from, although today's golden is not built yet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tiny_goldens import add_golden

from vestibule.core.goldens import LayerRecipe, Recipe
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.register import FileRegister
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.machinery import probe_kernel

TODAY = Recipe(layers=(LayerRecipe(kind="base", inputs={"x": "today"}, parent=None),))
OLD = GoldenId("g-0000000000000000")
T0 = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryGoldenStore:
    return DirectoryGoldenStore(Cache(tmp_path / "cache"), TODAY)


@pytest.fixture
def register(tmp_path: Path, store: DirectoryGoldenStore) -> FileRegister:
    """An older golden is promoted."""
    add_golden(store.cache, OLD, ["l-base-old"])
    found = FileRegister(tmp_path / "state/goldens.json")
    found.update(lambda before: before.promote(OLD, at=T0, why="a test"))
    return found


def kernel(store: DirectoryGoldenStore, golden_id: GoldenId) -> Path:
    return store.cache.path("goldens", golden_id) / "kernel"


def test_today_s_golden_comes_first(store: DirectoryGoldenStore, register: FileRegister) -> None:
    add_golden(store.cache, TODAY.golden_id, [TODAY.layers[0].name])
    assert probe_kernel(store, register) == kernel(store, TODAY.golden_id)


def test_the_promoted_golden_serves_while_today_s_is_not_built(
    store: DirectoryGoldenStore, register: FileRegister
) -> None:
    assert probe_kernel(store, register) == kernel(store, OLD)


def test_a_damaged_golden_of_today_hides_nothing(store: DirectoryGoldenStore, register: FileRegister) -> None:
    add_golden(store.cache, TODAY.golden_id, [TODAY.layers[0].name])
    (store.cache.path("goldens", TODAY.golden_id) / "manifest.json").write_text("{")
    assert probe_kernel(store, register) == kernel(store, OLD)


def test_without_any_golden_or_a_readable_register_nothing_is_probed(
    store: DirectoryGoldenStore, register: FileRegister, tmp_path: Path
) -> None:
    assert probe_kernel(store, FileRegister(tmp_path / "none.json")) is None
    (tmp_path / "state/goldens.json").write_text("{")
    assert probe_kernel(store, register) is None
