from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from vestibule.core.errors import GoldenFailed
from vestibule.core.goldens import layer_kind
from vestibule.drivers.goldens import recipe
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.resources import Resources

BUILDER = Path(recipe.__file__).parent
ONLY_ORDER = {"build.py", "recipe.py", "cache.py", "commands.py", "tether.py"}
"""Order, lock and publish steps, and run their programs; what these make is none of theirs."""


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_same_inputs_make_the_same_name(resources: Resources) -> None:
    assert read_spec(resources).recipe.golden_id == read_spec(resources).recipe.golden_id


@pytest.mark.parametrize(
    ("changed", "first_new_layer"),
    [
        ("images/base/customize", 0),
        ("images/base/etc/initramfs-tools/scripts/vestibule", 0),
        ("images/base/clean", 0),
        ("images/tools/package-lock.json", 2),
        ("agent/vestibule_desktop/supervisor.py", 3),
        ("agent/systemd/vestibule-desktop.service", 3),
        ("images/overlay/etc/sysctl.d/vestibule.conf", 3),
        ("agent/vestibule_agent/protocol.py", 4),
        ("agent/demo_tool/vestibule-demo", 4),
    ],
)
def test_one_changed_byte_renames_its_layer_and_those_above(
    resources: Resources, tmp_path: Path, changed: str, first_new_layer: int
) -> None:
    before = read_spec(resources).recipe
    _append(tmp_path / changed, "\n")
    after = read_spec(resources).recipe
    same = [old.name == new.name for old, new in zip(before.layers, after.layers, strict=True)]
    assert same == [number < first_new_layer for number in range(5)]
    assert before.golden_id != after.golden_id


def test_another_debian_package_of_the_agents_leaves_the_base_as_it_is(
    resources: Resources, tmp_path: Path
) -> None:
    before = read_spec(resources).recipe
    _append(tmp_path / "agent/debian-packages.txt", "jq\n")
    after = read_spec(resources).recipe
    same = {old.kind: old.name == new.name for old, new in zip(before.layers, after.layers, strict=True)}
    assert same == {"base": True, "browser": False, "tools": False, "desktop": False, "agent": False}


def test_a_tool_of_debians_is_installed_with_the_browsers_packages(resources: Resources) -> None:
    assert "gh" in read_spec(resources).browser.packages


def test_a_layers_name_tells_its_kind(resources: Resources) -> None:
    recipe = read_spec(resources).recipe
    kinds = ["base", "browser", "tools", "desktop", "agent"]
    assert [layer_kind(layer.name) for layer in recipe.layers] == kinds
    assert [recipe.layer(kind).kind for kind in kinds] == kinds


def test_a_compiled_file_of_python_renames_nothing(resources: Resources) -> None:
    before = read_spec(resources).recipe.golden_id
    cache = resources.agent_package / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "extra.cpython-311.pyc").write_bytes(b"compiled")
    assert read_spec(resources).recipe.golden_id == before


@pytest.mark.parametrize(
    ("changed", "first_new_layer"),
    [
        ("mirror.py", 0),
        ("debian.py", 0),
        ("pack.py", 0),
        ("browser_layer.py", 1),
        ("difference.py", 1),
        ("tools_layer.py", 2),
        ("jail.py", 2),
        ("tar.py", 3),
        ("trees.py", 3),
        ("desktop_layer.py", 3),
        ("agent_layer.py", 4),
        ("golden.py", 5),
    ],
)
def test_changed_builder_code_renames_what_it_makes(
    resources: Resources,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: str,
    first_new_layer: int,
) -> None:
    code = tmp_path / "code"
    shutil.copytree(BUILDER, code, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(recipe, "__file__", str(code / "recipe.py"))
    before = read_spec(resources).recipe
    _append(code / changed, "\n")
    after = read_spec(resources).recipe
    same = [old.name == new.name for old, new in zip(before.layers, after.layers, strict=True)]
    assert same == [number < first_new_layer for number in range(5)]
    assert before.golden_id != after.golden_id


def _imported(module: Path) -> set[str]:
    """The files of this package that a module of it imports."""
    nodes = ast.walk(ast.parse(module.read_text()))
    names = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    prefix = "vestibule.drivers.goldens."
    return {f"{name.removeprefix(prefix)}.py" for name in names if name.startswith(prefix)}


@pytest.mark.parametrize("kind", recipe.CODE)
def test_all_code_that_makes_a_layer_is_among_its_inputs(kind: str) -> None:
    made_by = set(recipe.CODE[kind])
    used = made_by.union(*(_imported(BUILDER / name) for name in made_by))
    assert used - made_by <= ONLY_ORDER


def test_a_new_reason_for_a_package_renames_nothing(resources: Resources) -> None:
    before = read_spec(resources).recipe.golden_id
    toml = resources.images / "base.toml"
    toml.write_text(toml.read_text().replace('less = "', 'less = "still: '))
    assert read_spec(resources).recipe.golden_id == before


def test_the_serial_renames_the_base(resources: Resources) -> None:
    before = read_spec(resources).recipe.layer("base").name
    toml = resources.images / "base.toml"
    toml.write_text(toml.read_text().replace('serial = "', 'serial = "later '))
    assert read_spec(resources).recipe.layer("base").name != before


def test_a_damaged_recipe_is_named(resources: Resources) -> None:
    (resources.images / "agent.toml").write_text("enable = [")
    with pytest.raises(GoldenFailed, match=r"agent\.toml") as failure:
        read_spec(resources)
    assert failure.value.failure_code == "recipe_invalid"


def test_an_incomplete_recipe_is_named(resources: Resources) -> None:
    text = (resources.images / "desktop.toml").read_text()
    (resources.images / "desktop.toml").write_text(text[text.index("enable = ") : text.index("mask = ")])
    with pytest.raises(GoldenFailed, match="has no key 'package'"):
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
