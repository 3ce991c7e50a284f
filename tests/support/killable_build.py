"""``killable_build.py CACHE``: builds a golden of real steps and real programs, to be killed at any moment.

Each layer takes some tenths of a second, and leaves processes behind that nobody waits for.
"""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from vestibule.core.goldens import LayerRecipe, Recipe
from vestibule.drivers.goldens.build import PRODUCT, Build, BuildStep, GoldenBuilder, Workshop
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.pack import LISTING, merge_layers, pack_squashfs, unpack_rootfs

FILES = 200
BASE = LayerRecipe(kind="base", inputs={"x": "1"}, parent=None)
AGENT = LayerRecipe(kind="agent", inputs={"y": "1"}, parent=BASE.name)
RECIPE = Recipe(layers=(BASE, AGENT))


def _archive(name: str) -> Callable[[Workshop], None]:
    def act(shop: Workshop) -> None:
        with tarfile.open(shop.folder / "layer.tar", "w") as tar:
            for number in range(FILES):
                info = tarfile.TarInfo(f"./{name}/{number}")
                content = f"{name} {number}".encode() * 100
                info.size, info.mode = len(content), 0o644
                tar.addfile(info, io.BytesIO(content))

    return act


def _litter(shop: Workshop) -> None:
    """Programs that start others and do not wait for them, as package managers' scripts do."""
    shop.commands.run(["sh", "-c", "(setsid sleep 600 &) ; sh -c 'sleep 600 & sleep 0.1' ; true"])


def _layer(recipe: LayerRecipe) -> Build:
    return Build(
        kind="layers",
        name=recipe.name,
        steps=(
            BuildStep(name="archive", act=_archive(recipe.kind)),
            BuildStep(name="disk image", act=pack_squashfs),
            BuildStep(name="programs", act=_litter),
            BuildStep(name="root", act=unpack_rootfs),
        ),
        products=(PRODUCT, LISTING),
    )


def builder(cache: Cache) -> GoldenBuilder:
    golden = Build(
        kind="goldens",
        name=RECIPE.golden_id,
        steps=(BuildStep(name="merge", act=merge_layers), BuildStep(name="programs", act=_litter)),
        products=(),
    )
    layers = [_layer(BASE), _layer(AGENT)]
    return GoldenBuilder(cache, RECIPE, layers, golden, min_mem_mib=0, agent_build="b", tools={})


def main(cache_dir: str) -> None:
    """Say each step as it begins and the golden at the end, one line each."""

    def say(step: str, index: int, total: int, seconds: float | None) -> None:  # noqa: ARG001 (a Progress)
        if seconds is None:
            sys.stdout.write(f"{step}\n")
            sys.stdout.flush()

    sys.stdout.write(f"{builder(Cache(Path(cache_dir))).build(say).golden_id}\n")


if __name__ == "__main__":
    main(sys.argv[1])
