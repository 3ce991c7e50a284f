"""``python small_builder.py CACHE NUMBER [GATE]``: the real builder at layers that take a second.

Its programs are the real ones (tar, sqfstar, cp, the jail), and they start others that would go on for a
minute.  With a gate, the first step is over when that file is there.  Prints the progress as JSON lines.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from vestibule.core.errors import VestibuleError
from vestibule.core.goldens import LayerRecipe, Recipe
from vestibule.drivers.goldens.build import PRODUCT, Build, BuildStep, GoldenBuilder, Workshop
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.pack import LISTING, merge_layers, pack_squashfs, unpack_rootfs

MARK = "VESTIBULE_TEST_BUILD"
"""Variable with a build's name, which its programs inherit; the jailed ones have it in their command line."""
STRAY = "setsid sleep 60 & (sleep 60; true) & "
"""Grandchildren that nobody waits for."""
_FILES = 300
_HOST = Path("/")


def recipe_of(number: str) -> Recipe:
    """Three layers, named for a number."""
    bottom = LayerRecipe(kind="base", inputs={"number": number}, parent=None)
    middle = LayerRecipe(kind="tools", inputs={}, parent=bottom.name)
    return Recipe(layers=(bottom, middle, LayerRecipe(kind="agent", inputs={}, parent=middle.name)))


def _fill(shop: Workshop) -> None:
    tree = shop.folder / "tree"
    tree.mkdir()
    for index in range(_FILES):
        (tree / str(index)).write_bytes(os.urandom(512))
    gate = f"while [ ! -e '{sys.argv[3]}' ]; do sleep 0.01; done; " if len(sys.argv) > 3 else ""
    script = f"{gate}{STRAY}mktemp >/dev/null; tar -cC '{tree}' --sort=name .; sleep 0.1"
    shop.commands.run(["sh", "-c", script], stdout=shop.folder / "layer.tar")
    shutil.rmtree(tree)


def _run_jailed(shop: Workshop) -> None:
    """What packages bring along: root is given up, the environment is empty."""
    script = f"{STRAY}: {os.environ[MARK]}; sleep 0.1"
    shop.commands.run(shop.jail.argv(["sh", "-c", script], rootfs=_HOST))


def _layer(layer: LayerRecipe) -> Build:
    steps = (_fill, _run_jailed, pack_squashfs, unpack_rootfs)
    return Build(
        kind="layers",
        name=layer.name,
        steps=tuple(BuildStep(name=f"{layer.kind} {act.__name__}", act=act) for act in steps),
        products=(PRODUCT, LISTING),
    )


def builder_of(cache: Path, number: str) -> GoldenBuilder:
    """Asked for its plan, or to build."""
    recipe = recipe_of(number)
    golden = Build(
        kind="goldens",
        name=recipe.golden_id,
        steps=(BuildStep(name="merge", act=merge_layers), BuildStep(name="kernel", act=_take_kernel)),
        products=("kernel",),
    )
    layers = [_layer(layer) for layer in recipe.layers]
    return GoldenBuilder(Cache(cache), recipe, layers, golden, min_mem_mib=1, agent_build="b", tools={})


def _take_kernel(shop: Workshop) -> None:
    shutil.copyfile(shop.folder / "rootfs" / "0", shop.folder / "kernel")


def _tell(step: str, index: int, total: int, seconds: float | None) -> None:
    sys.stdout.write(json.dumps({"step": step, "index": index, "total": total, "seconds": seconds}) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Build; 1 with the cause when that fails."""
    try:
        builder_of(Path(sys.argv[1]), sys.argv[2]).build(_tell)
    except VestibuleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
