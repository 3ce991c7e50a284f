"""Puts store and builder together from this installation's resources."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

from vestibule.drivers.goldens.agent_layer import agent_layer
from vestibule.drivers.goldens.attest import Attestor
from vestibule.drivers.goldens.base_layer import base_layer
from vestibule.drivers.goldens.browser_layer import browser_layer
from vestibule.drivers.goldens.build import Build, GoldenBuilder
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.desktop_layer import desktop_layer
from vestibule.drivers.goldens.golden import golden_build
from vestibule.drivers.goldens.jail import Jail
from vestibule.drivers.goldens.npm_integrity import naming_packages
from vestibule.drivers.goldens.recipe import GoldenSpec, read_spec
from vestibule.drivers.goldens.signing import Signer
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.goldens.tools_layer import tools_layer
from vestibule.drivers.goldens.verify_statements import is_believed
from vestibule.resources import Resources, find_resources
from vestibule_agent.build import build_files, build_id
from vestibule_agent.protocol import CONTRACT


@dataclasses.dataclass(frozen=True, kw_only=True)
class Goldens:
    """Everything about goldens on this host."""

    spec: GoldenSpec
    cache: Cache
    store: DirectoryGoldenStore
    builder: GoldenBuilder


def tools_build(spec: GoldenSpec) -> Build:
    """How the tools layer is made, with failures that name the package."""
    return naming_packages(tools_layer(spec), spec.resources.images / "tools/package-lock.json")


def open_goldens(
    cache_dir: Path,
    *,
    signer: Signer,
    debian_mirror: str | None = None,
    resources: Resources | None = None,
    jail: Jail | None = None,
) -> Goldens:
    """Read the recipes and open the cache; builds nothing.  Raises GoldenFailed, HostUnfit."""
    spec = read_spec(resources or find_resources())
    cache = Cache(cache_dir)
    files = build_files(spec.resources.agent_package, spec.resources.desktop_package)
    builder = GoldenBuilder(
        cache,
        spec.recipe,
        [
            base_layer(spec, debian_mirror),
            browser_layer(spec, debian_mirror),
            tools_build(spec),
            desktop_layer(spec),
            agent_layer(spec),
        ],
        golden_build(spec),
        min_mem_mib=spec.base.min_mem_mib,
        min_disk_mib=spec.base.min_disk_mib,
        agent_build=build_id(files),
        agent_files=files,
        contract=CONTRACT,
        tools=dict(spec.tools.versions),
        jail=jail,
        recipe_now=lambda: read_spec(spec.resources).recipe,
        attestor=Attestor(cache, spec.recipe, signer),
        believed=functools.partial(is_believed, cache, signer),
    )
    store = DirectoryGoldenStore(cache, spec.recipe, signer)
    return Goldens(spec=spec, cache=cache, store=store, builder=builder)
