"""The golden itself: its layers merged into one root, and proof that the tools run in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.build import Build, BuildStep, Workshop
from vestibule.drivers.goldens.pack import merge_layers
from vestibule.drivers.goldens.recipe import GoldenSpec

_ENTER = """
set -e
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/tmp"
root=$1
shift
exec chroot "$root" env -i HOME=/tmp PATH="$PATH" "$@"
"""


def _link_kernel(shop: Workshop) -> None:
    """The bottom layer's kernel and initrd, without a second copy of their bytes."""
    for name in ("kernel", "initrd"):
        os.link(shop.parents[0] / name, shop.folder / name)


class _Check:
    """Runs each tool once inside the merged root."""

    def __init__(self, spec: GoldenSpec) -> None:
        self._spec = spec

    def __call__(self, shop: Workshop) -> None:
        """Record what each tool says its version is.  Raises GoldenFailed for the first that does not run."""
        shop.details["versions"] = dict(self._versions(shop))

    def _versions(self, shop: Workshop) -> Iterator[tuple[str, str]]:
        checks = {**self._spec.tools.check, "browser": ("test", "-x", "/usr/bin/chromium")}
        for name, argv in checks.items():
            answer = shop.folder / "answer"
            self._run(shop, name, argv, answer)
            yield name, answer.read_text(errors="replace").strip()
            answer.unlink()

    def _run(self, shop: Workshop, name: str, argv: tuple[str, ...], answer: Path) -> None:
        path = f"{self._spec.tools.folder}/node_modules/.bin:/usr/bin:/bin"
        enter = [
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "--pid",
            "--fork",
            "sh",
            "-c",
            _ENTER,
            "sh",
        ]
        try:
            shop.commands.run(
                [*enter, str(shop.folder / "rootfs"), *argv],
                stdout=answer,
                env={"PATH": path + ":/usr/sbin:/sbin"},
            )
        except GoldenFailed as error:
            raise GoldenFailed(
                f"{name} does not run in the finished root: {error.cause}",
                remedy="Pin another version in images/tools/package.json, or mend images/tools.toml.",
                code="golden_check_failed",
            ) from error


def golden_build(spec: GoldenSpec) -> Build:
    """How the layers become a golden."""
    return Build(
        kind="goldens",
        name=spec.recipe.golden_id,
        steps=(
            BuildStep(name="merge layers", act=merge_layers),
            BuildStep(name="link kernel", act=_link_kernel),
            BuildStep(name="check tools", act=_Check(spec)),
        ),
        products=("kernel", "initrd"),
    )
