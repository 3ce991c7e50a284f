"""``real_bootstrap.py FOLDER``: the first step of the real base layer in FOLDER, to be killed."""

from __future__ import annotations

import sys
from pathlib import Path

from vestibule.drivers.goldens.base_layer import base_layer
from vestibule.drivers.goldens.build import Workshop
from vestibule.drivers.goldens.commands import Commands
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.resources import find_resources


def main(folder: Path) -> None:
    """Its log lies beside the folder."""
    shop = Workshop(folder=folder, parents=(), commands=Commands(folder.parent / "log"))
    base_layer(read_spec(find_resources()), None).steps[0].act(shop)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
