"""The golden itself: its layers merged into one root, and proof that the tools run in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from vestibule.core import versions
from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.build import Build, BuildStep, Workshop
from vestibule.drivers.goldens.pack import merge_layers
from vestibule.drivers.goldens.recipe import GoldenSpec


def _link_kernel(shop: Workshop) -> None:
    """The base layer's kernel and initrd, without a second copy of their bytes."""
    for name in ("kernel", "initrd"):
        os.link(shop.parents["base"] / name, shop.folder / name)


class _Check:
    """Runs each tool once inside the merged root, jailed."""

    def __init__(self, spec: GoldenSpec) -> None:
        self._spec = spec

    def __call__(self, shop: Workshop) -> None:
        """Record what each tool says its version is.

        Raises GoldenFailed for the first that does not run or says another version than the pinned one.
        """
        self._answer(shop, "browser", ("test", "-x", "/usr/bin/chromium"))
        shop.details["versions"] = dict(self._versions(shop))

    def _versions(self, shop: Workshop) -> Iterator[tuple[str, str]]:
        for name, argv in self._spec.tools.check.items():
            told = self._answer(shop, name, argv)
            _require_version(name, self._spec.tools.versions[name], told)
            yield name, told

    def _answer(self, shop: Workshop, name: str, argv: Sequence[str]) -> str:
        answer = shop.folder / "answer"
        try:
            shop.commands.run(shop.jail.argv(argv, rootfs=shop.folder / "rootfs"), stdout=answer)
        except GoldenFailed as error:
            raise GoldenFailed(
                f"{name} does not run in the finished root: {error.cause}",
                remedy="Pin another version in images/tools/package.json, or mend images/tools.toml.",
                code="golden_check_failed",
            ) from error
        told = answer.read_text(errors="replace").strip()
        answer.unlink()
        return told


def _require_version(name: str, pinned: str, told: str) -> None:
    if not versions.names(told, pinned):
        raise GoldenFailed(
            f"{name} is pinned at {pinned}, but says of itself: {told[:200] or 'nothing'}",
            remedy="Make package.json and package-lock.json in images/tools agree:"
            " npm install --package-lock-only.",
            code="golden_check_failed",
        )


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
