from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from vestibule.core.errors import GoldenFailed
from vestibule.core.goldens import LayerRecipe
from vestibule.drivers.goldens import recipe
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.resources import Resources


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_same_inputs_make_the_same_name(resources: Resources) -> None:
    assert read_spec(resources).recipe.golden_id == read_spec(resources).recipe.golden_id


@pytest.mark.parametrize(
    ("changed", "first_new_layer"),
    [
        ("images/base/customize", 0),
        ("images/base/etc/initramfs-tools/scripts/vestibule", 0),
        ("images/tools/package-lock.json", 1),
        ("agent/vestibule_agent/protocol.py", 2),
        ("agent/launcher", 2),
        ("images/overlay/etc/sysctl.d/vestibule.conf", 2),
    ],
)
def test_one_changed_byte_renames_its_layer_and_those_above(
    resources: Resources, tmp_path: Path, changed: str, first_new_layer: int
) -> None:
    before = read_spec(resources).recipe
    _append(tmp_path / changed, "\n")
    after = read_spec(resources).recipe
    same = [old.name == new.name for old, new in zip(before.layers, after.layers, strict=True)]
    assert same == [number < first_new_layer for number in range(3)]
    assert before.golden_id != after.golden_id


def test_a_compiled_file_of_python_renames_nothing(resources: Resources) -> None:
    before = read_spec(resources).recipe.golden_id
    cache = resources.agent_package / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "extra.cpython-311.pyc").write_bytes(b"compiled")
    assert read_spec(resources).recipe.golden_id == before


def test_a_new_builder_renames_every_layer(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_spec(resources).recipe
    monkeypatch.setattr(recipe, "BUILDER", recipe.BUILDER + 1)
    after = read_spec(resources).recipe
    assert {layer.name for layer in before.layers}.isdisjoint(layer.name for layer in after.layers)
    assert before.golden_id != after.golden_id


def test_a_layers_own_name_depends_on_the_builder_not_only_its_parents() -> None:
    layer = LayerRecipe(kind="base", inputs={"x": "1"}, parent=None, builder=1)
    assert dataclasses.replace(layer, builder=2).name != layer.name


def test_a_new_reason_for_a_package_renames_nothing(resources: Resources) -> None:
    before = read_spec(resources).recipe.golden_id
    toml = resources.images / "base.toml"
    toml.write_text(toml.read_text().replace('less = "', 'less = "still: '))
    assert read_spec(resources).recipe.golden_id == before


def test_the_serial_renames_the_base(resources: Resources) -> None:
    before = read_spec(resources).recipe.layers[0].name
    toml = resources.images / "base.toml"
    toml.write_text(toml.read_text().replace('serial = "', 'serial = "later '))
    assert read_spec(resources).recipe.layers[0].name != before


def test_a_damaged_recipe_is_named(resources: Resources) -> None:
    (resources.images / "agent.toml").write_text("enable = [")
    with pytest.raises(GoldenFailed, match=r"agent\.toml") as failure:
        read_spec(resources)
    assert failure.value.failure_code == "recipe_invalid"


def test_an_incomplete_recipe_is_named(resources: Resources) -> None:
    (resources.images / "agent.toml").write_text("enable = []\n")
    with pytest.raises(GoldenFailed, match="mask"):
        read_spec(resources)


def test_every_tool_is_pinned_to_one_exact_version(resources: Resources) -> None:
    versions = read_spec(resources).tools.versions
    assert versions
    assert all(version.replace(".", "").isdigit() for version in versions.values())


def test_a_tool_that_nothing_checks_is_refused(resources: Resources) -> None:
    toml = resources.images / "tools.toml"
    toml.write_text(toml.read_text().replace('"@openai/codex" =', '"@openai/other" ='))
    with pytest.raises(GoldenFailed, match="@openai/codex"):
        read_spec(resources)
