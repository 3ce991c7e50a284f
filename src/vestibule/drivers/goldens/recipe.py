"""Reads the declarative inputs of ``images/`` and ``agent/`` and names the golden that they make."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vestibule.core.errors import GoldenFailed
from vestibule.core.goldens import LayerRecipe, Recipe
from vestibule.drivers.goldens.recipe_files import (
    AgentFile,
    BaseFile,
    DesktopFile,
    ToolsFile,
    read_recipe_file,
)
from vestibule.drivers.goldens.trees import tree_digest
from vestibule.resources import Resources

CODE = {
    "base": ("base_layer.py", "debian.py", "listing.py", "mirror.py", "pack.py", "packages.py"),
    "browser": (
        "browser_layer.py",
        "debian.py",
        "difference.py",
        "listing.py",
        "mirror.py",
        "pack.py",
        "packages.py",
    ),
    "tools": ("jail.py", "listing.py", "pack.py", "tools_layer.py"),
    "desktop": ("desktop_layer.py", "listing.py", "pack.py", "tar.py", "trees.py"),
    "agent": ("agent_layer.py", "listing.py", "pack.py", "tar.py", "trees.py"),
    "golden": ("golden.py", "jail.py", "listing.py", "pack.py"),
}
"""The code that turns inputs into bytes is an input: no number waits for somebody to raise it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BaseSpec:
    """images/base.toml, checked."""

    suite: str
    components: tuple[str, ...]
    serial: str
    architecture: str
    packages: tuple[str, ...]
    exclude: tuple[str, ...]
    include: tuple[str, ...]
    min_mem_mib: int
    min_disk_mib: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class BrowserSpec:
    """agent/debian-packages.txt and, for tools, images/tools.toml: what is Debian's and not in the base."""

    packages: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToolsSpec:
    """images/tools.toml, checked."""

    folder: str
    install: tuple[tuple[str, str], ...]
    """(package, script inside it)"""
    prune: tuple[str, ...]
    check: Mapping[str, tuple[str, ...]]
    """npm package → what prints its version; one for every package of ``versions``."""
    versions: Mapping[str, str]
    """npm package → exact version, from package.json."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PackageSpec:
    """A Python package of ours in the machine, and its companions."""

    package: str
    """The package's folder in the machine."""
    files: Mapping[str, str]
    """Path below agent/ → path in the machine; folders end in a slash."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DesktopSpec(PackageSpec):
    """images/desktop.toml, checked."""

    enable: tuple[str, ...]
    mask: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AgentSpec(PackageSpec):
    """images/agent.toml, checked."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoldenSpec:
    """All inputs of a golden: what to do, and the recipe that names it."""

    resources: Resources
    base: BaseSpec
    browser: BrowserSpec
    tools: ToolsSpec
    desktop: DesktopSpec
    agent: AgentSpec
    recipe: Recipe


def _base_spec(resources: Resources) -> BaseSpec:
    file = read_recipe_file(resources.images / "base.toml", BaseFile)
    return BaseSpec(
        suite=file.suite,
        components=tuple(file.components),
        serial=file.serial,
        architecture=file.architecture,
        packages=tuple(sorted(file.packages)),
        exclude=tuple(file.files.exclude),
        include=tuple(file.files.include),
        min_mem_mib=file.min_mem_mib,
        min_disk_mib=file.min_disk_mib,
    )


def _browser_spec(resources: Resources) -> BrowserSpec:
    text = (resources.agent / "debian-packages.txt").read_text()
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    tools = read_recipe_file(resources.images / "tools.toml", ToolsFile).debian
    return BrowserSpec(packages=tuple(sorted({line for line in lines if line} | set(tools))))


def _tools_spec(resources: Resources) -> ToolsSpec:
    file = read_recipe_file(resources.images / "tools.toml", ToolsFile)
    package = json.loads((resources.images / "tools" / "package.json").read_text())
    return ToolsSpec(
        folder=file.folder,
        install=tuple((step.package, step.script) for step in file.install),
        prune=tuple(step.path for step in file.prune),
        check={name: tuple(file.check[name]) for name in package["dependencies"]},
        versions=dict(package["dependencies"]),
    )


def _desktop_spec(resources: Resources) -> DesktopSpec:
    file = read_recipe_file(resources.images / "desktop.toml", DesktopFile)
    return DesktopSpec(
        enable=tuple(file.enable), mask=tuple(file.mask), package=file.package, files=dict(file.files)
    )


def _agent_spec(resources: Resources) -> AgentSpec:
    file = read_recipe_file(resources.images / "agent.toml", AgentFile)
    return AgentSpec(package=file.package, files=dict(file.files))


def _plain(spec: object) -> dict[str, Any]:
    """A spec as a JSON value; tuples become lists there anyway."""
    return json.loads(json.dumps(dataclasses.asdict(spec)))  # type: ignore[no-any-return, call-overload]


def _code(kind: str) -> dict[str, str]:
    folder = Path(__file__).parent
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in CODE[kind]}


def _base(resources: Resources, spec: BaseSpec) -> LayerRecipe:
    files = tree_digest(resources.images / "base")
    inputs = {"spec": _plain(spec), "files": files, "builder": _code("base")}
    return LayerRecipe(kind="base", inputs=inputs, parent=None)


def _browser(spec: BrowserSpec, parent: LayerRecipe) -> LayerRecipe:
    """What to leave out of packages, and how to clean up after them, its parent's name tells."""
    inputs = {"spec": _plain(spec), "builder": _code("browser")}
    return LayerRecipe(kind="browser", inputs=inputs, parent=parent.name)


def _tools(resources: Resources, spec: ToolsSpec, parent: LayerRecipe) -> LayerRecipe:
    files = tree_digest(resources.images / "tools")
    inputs = {"spec": _plain(spec), "files": files, "builder": _code("tools")}
    return LayerRecipe(kind="tools", inputs=inputs, parent=parent.name)


def _desktop(resources: Resources, spec: DesktopSpec, parent: LayerRecipe) -> LayerRecipe:
    inputs = {
        "spec": _plain(spec),
        "package": tree_digest(resources.desktop_package),
        "files": _companions(resources, spec),
        "overlay": tree_digest(resources.images / "overlay"),
        "builder": _code("desktop"),
    }
    return LayerRecipe(kind="desktop", inputs=inputs, parent=parent.name)


def _agent(resources: Resources, spec: AgentSpec, parent: LayerRecipe) -> LayerRecipe:
    inputs = {
        "spec": _plain(spec),
        "package": tree_digest(resources.agent_package),
        "files": _companions(resources, spec),
        "builder": _code("agent"),
    }
    return LayerRecipe(kind="agent", inputs=inputs, parent=parent.name)


def _companions(resources: Resources, spec: PackageSpec) -> dict[str, str]:
    """Path below agent/ → SHA-256 of the files that a package takes along."""
    digests = tree_digest(resources.agent)
    return {path: digests[path] for path in digests if any(path.startswith(source) for source in spec.files)}


def read_spec(resources: Resources) -> GoldenSpec:
    """Read all inputs.  Raises GoldenFailed ``recipe_invalid``."""
    try:
        base, browser, tools = _base_spec(resources), _browser_spec(resources), _tools_spec(resources)
        desktop, agent = _desktop_spec(resources), _agent_spec(resources)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise GoldenFailed(
            f"a recipe under {resources.images} is incomplete: {error!r}",
            remedy="Compare it with images/ of this release, or install Vestibule again.",
            code="recipe_invalid",
        ) from error
    layers = [_base(resources, base)]
    layers.append(_browser(browser, layers[-1]))
    layers.append(_tools(resources, tools, layers[-1]))
    layers.append(_desktop(resources, desktop, layers[-1]))
    layers.append(_agent(resources, agent, layers[-1]))
    return GoldenSpec(
        resources=resources,
        base=base,
        browser=browser,
        tools=tools,
        desktop=desktop,
        agent=agent,
        recipe=Recipe(layers=tuple(layers), merge={"builder": _code("golden")}),
    )
