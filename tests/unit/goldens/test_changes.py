"""Between two goldens, the versions that the archive had count as well as what was asked for."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from vestibule.core.errors import Absent
from vestibule.core.goldens import Change, Manifest, Recipe
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.store import DirectoryGoldenStore

OLD, NEW = GoldenId("g-old"), GoldenId("g-new")


def _keep(folder: Path, content: object) -> None:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(content))


def _golden(root: Path, golden_id: GoldenId, serial: str, packages: dict[str, str]) -> None:
    base, browser, tools = (f"l-{kind}-{serial}" for kind in ("base", "browser", "tools"))
    _keep(root / "layers" / base, {"digests": {}, "details": {"packages": {"less": "1"}}})
    _keep(root / "layers" / browser, {"digests": {}, "details": {"packages": packages}})
    _keep(root / "layers" / tools, {"digests": {}, "details": {}})
    manifest = Manifest(
        golden_id=golden_id,
        agent_build="fake",
        layers=(base, browser, tools),
        inputs={"base": {"spec": {"serial": serial}}},
        digests={},
        tools={},
        built_at=dt.datetime(2026, 11, 24, tzinfo=dt.UTC),
        build_s=1.0,
    )
    _keep(root / "goldens" / golden_id, manifest.to_mapping())


@pytest.fixture
def store(tmp_path: Path) -> DirectoryGoldenStore:
    _golden(tmp_path, OLD, "1", {"chromium": "155"})
    _golden(tmp_path, NEW, "2", {"chromium": "156", "jq": "1"})
    return DirectoryGoldenStore(Cache(tmp_path), Recipe(layers=()))


def test_installed_versions_are_compared_with_the_inputs(store: DirectoryGoldenStore) -> None:
    assert store.changes(OLD, NEW) == (
        Change(layer="base", input="spec.serial", before="1", after="2"),
        Change(layer="packages", input="chromium", before="155", after="156"),
        Change(layer="packages", input="jq", before=None, after="1"),
    )


def test_a_layer_that_is_gone_leaves_the_inputs(store: DirectoryGoldenStore, tmp_path: Path) -> None:
    (tmp_path / "layers/l-base-1/manifest.json").unlink()
    assert store.changes(OLD, NEW)[0] == Change(layer="base", input="spec.serial", before="1", after="2")


def test_a_golden_that_is_not_there_is_absent(store: DirectoryGoldenStore) -> None:
    with pytest.raises(Absent):
        store.changes(GoldenId("g-nosuch"), NEW)
