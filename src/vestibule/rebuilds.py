"""What ``vestibule bench rebuild`` measures: a copy of this installation's inputs, and machinery of its own.

The cache is the host's, so that what is not changed is reused as it would be; all that was made is removed.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.renewal import Phase, Renewal, StepNews
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.drivers.goldens.verify import snapshots_of
from vestibule.machinery import Machinery, goldens_of, open_machinery
from vestibule.resources import Resources, find_resources
from vestibule.services.golden_ports import Tell
from vestibule.services.rebuild_bench import AGENT
from vestibule.settings import Settings
from vestibule.works import renewing_by

_KINDS = ("snapshots", "desktops", "goldens", "layers")


class CopiedRebuilds:
    """Implements the port ``Rebuilds``."""

    def __init__(self, machinery: Machinery, resources: Resources) -> None:
        self._machinery = machinery
        self._resources = resources
        self._edited: tuple[Path, bytes] | None = None
        self._before = self._products()
        self._made: list[GoldenId] = []

    async def renew(self, drivers: Sequence[DriverName]) -> Renewal:
        """See services.rebuild_bench.Rebuilds."""
        store = self._machinery.goldens.store
        store.want(read_spec(self._resources).recipe)
        renewing = renewing_by(self._machinery, drivers, self._build)
        self._made.append(store.wanted())
        return await renewing.renewals.renew(store.wanted(), "it is measured")

    async def _build(self, tell: Tell) -> GoldenId:
        """In this process: the code that builds is the installation's in either case."""
        builder = goldens_of(self._machinery.settings, self._resources).builder
        loop = asyncio.get_running_loop()

        def told(step: str, index: int, total: int, seconds: float | None) -> None:
            news = StepNews(phase=Phase.BUILD, step=step, seconds=seconds, to_come=total - index)
            loop.call_soon_threadsafe(tell, news)

        return (await asyncio.to_thread(builder.build, told)).golden_id

    def edit(self, what: str) -> None:
        """See services.rebuild_bench.Rebuilds."""
        package, base = self._resources.agent_package, self._resources.images / "base.toml"
        file = package / "urls.py" if what == AGENT else base
        self._before = self._products()
        self._edited = file, file.read_bytes()
        with file.open("a") as out:
            out.write(f"# measured {secrets.token_hex(8)}\n")
        if what != AGENT:
            text = file.read_text()
            serial = read_spec(self._resources).base.serial
            file.write_text(
                text.replace(f'serial = "{serial}"', f'serial = "{serial}-{secrets.token_hex(4)}"')
            )

    async def discard(self) -> None:
        """See services.rebuild_bench.Rebuilds."""
        if self._edited is not None:
            file, content = self._edited
            file.write_bytes(content)
            self._edited = None
        while self._made:
            await asyncio.to_thread(self._discard, self._made.pop())

    def _discard(self, golden_id: GoldenId) -> None:
        """What came of this renewal, users before what they use; others' products of the time stay."""
        cache, store = self._machinery.goldens.cache, self._machinery.goldens.store
        layers = store.manifest(golden_id).layers if store.has(golden_id) else ()
        own = [(path.parent.name, path.name) for path in snapshots_of(cache, golden_id, layers)]
        own += [("goldens", golden_id), *(("layers", layer) for layer in reversed(layers))]
        for kind, name in own:
            if (kind, name) not in self._before:
                cache.discard(kind, name)
        if ("goldens", golden_id) not in self._before:
            shutil.rmtree(cache.root / "canaries" / golden_id, ignore_errors=True)

    def _products(self) -> frozenset[tuple[str, str]]:
        root = self._machinery.goldens.cache.root
        return frozenset((kind, path.name) for kind in _KINDS for path in root.glob(f"{kind}/*"))


@contextlib.asynccontextmanager
async def copied_rebuilds(settings: Settings) -> AsyncIterator[CopiedRebuilds]:
    """A copy of the inputs and machinery for it; promotions go to a state folder of its own."""
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as name:
        folder = Path(name)
        resources = copy_inputs(find_resources(), folder / "inputs")
        own = settings.model_copy(update={"state_dir": folder / "state", "run_dir": folder / "run"})
        async with open_machinery(own, resources) as machinery:
            yield CopiedRebuilds(machinery, resources)


def copy_inputs(resources: Resources, folder: Path) -> Resources:
    """The same resources, with every input of the golden copied below ``folder``."""
    folder.parent.chmod(0o711)  # machines run as another user, and reach their folders through it
    images = shutil.copytree(resources.images, folder / "images")
    agent = shutil.copytree(resources.agent, folder / "agent")
    packages = {
        name: Path(shutil.copytree(source, folder / "packages" / source.name))
        for name, source in (
            ("agent_package", resources.agent_package),
            ("desktop_package", resources.desktop_package),
        )
    }
    return dataclasses.replace(resources, images=images, agent=agent, **packages)
