"""Puts store and builder together from this installation's resources."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

from vestibule.drivers.goldens.agent_layer import agent_layer
from vestibule.drivers.goldens.base_layer import base_layer
from vestibule.drivers.goldens.build import GoldenBuilder
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.golden import golden_build
from vestibule.drivers.goldens.recipe import GoldenSpec, read_spec, tree_digest
from vestibule.drivers.goldens.resources import Resources, find_resources
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.goldens.tools_layer import tools_layer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Goldens:
    """Everything about goldens on this host."""

    spec: GoldenSpec
    cache: Cache
    store: DirectoryGoldenStore
    builder: GoldenBuilder
    agent_build: str
    """What the agent of the wanted golden must answer as its build id."""


def agent_build_id(resources: Resources) -> str:
    """SHA-256 over the agent's own files, as the agent computes it in the guest."""
    digest = hashlib.sha256()
    for path, content in sorted(tree_digest(resources.agent_package).items()):
        digest.update(f"{path}\0{content}\n".encode())
    return digest.hexdigest()


def open_goldens(
    cache_dir: Path, *, debian_mirror: str | None = None, resources: Resources | None = None
) -> Goldens:
    """Read the recipes and open the cache; builds nothing.  Raises GoldenFailed, HostUnfit."""
    spec = read_spec(resources or find_resources())
    cache = Cache(cache_dir)
    build = agent_build_id(spec.resources)
    builder = GoldenBuilder(
        cache,
        spec.recipe,
        [base_layer(spec, debian_mirror), tools_layer(spec), agent_layer(spec)],
        golden_build(spec),
        min_mem_mib=spec.base.min_mem_mib,
        agent_build=build,
        tools=dict(spec.tools.versions),
    )
    store = DirectoryGoldenStore(cache, spec.recipe)
    return Goldens(spec=spec, cache=cache, store=store, builder=builder, agent_build=build)
