"""A build on a disk that is really full: named, and nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import json, subprocess, sys
from pathlib import Path
from vestibule.core.errors import VestibuleError
from vestibule.core.goldens import LayerRecipe, Recipe
from vestibule.drivers.goldens.build import Build, BuildStep, GoldenBuilder
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.pack import pack_squashfs, unpack_rootfs

root, how, archive = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
layer = LayerRecipe(kind="base", inputs={"x": "1"}, parent=None)

def fill(shop):
    big = shop.folder / "layer.sqfs"
    if how in {"disk image", "root folder"}:
        (shop.folder / "layer.tar").symlink_to(archive)
        (pack_squashfs if how == "disk image" else unpack_rootfs)(shop)
    elif how == "program":
        shop.commands.run(["tar", "-cf", str(big), "/usr/bin"])
    else:
        big.write_bytes(bytes(8 << 20))

def build(kind, name, act, product):
    return Build(kind=kind, name=name, steps=(BuildStep(name="fill", act=act),), products=(product,))

recipe = Recipe(layers=(layer,))
golden = build("goldens", recipe.golden_id, fill, "kernel")
builder = GoldenBuilder(
    Cache(root), recipe, [build("layers", layer.name, fill, "layer.sqfs")], golden,
    min_mem_mib=1, agent_build="b", tools={},
)
try:
    builder.build(lambda *_: None)
except VestibuleError as error:
    left = [str(path) for name in ("work", "layers", "goldens") for path in (root / name).glob("*")]
    print(json.dumps({"code": error.failure_code, "remedy": error.remedy, "left": left}))
"""


@pytest.mark.parametrize("how", ["program", "python", "disk image", "root folder"])
def test_a_full_disk_is_named_and_cleared(tmp_path: Path, how: str) -> None:
    mount = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" -c "$3" "$1" "$4" "$5"'
    disk, big, archive = (tmp_path / name for name in ("disk", "big", "big.tar"))
    disk.mkdir()
    big.write_bytes(os.urandom(8 << 20))
    subprocess.run(["tar", "-cf", archive, "-C", tmp_path, big.name], check=True)
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh",
         disk, sys.executable, SCRIPT, how, archive],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["code"], told["left"]) == ("disk_full", [])
    assert told["remedy"]
