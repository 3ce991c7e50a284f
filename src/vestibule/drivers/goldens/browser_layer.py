"""The browser layer: what the desktop, its browser and the agent need of Debian, installed on the base layer.

::

    base's layer.sqfs ─▶ below.tar ─▶ mmdebstrap: unpack, apt-get install ─▶ whole.tar ─▶ what was added

Packages are added, never upgraded: the base layer's versions are the archive's of another day, and a base
that is half replaced would be neither day's.
"""

from __future__ import annotations

import shlex
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.build import PRODUCT, Build, BuildStep, Workshop
from vestibule.drivers.goldens.debian import Debian, record_packages
from vestibule.drivers.goldens.difference import write_difference
from vestibule.drivers.goldens.pack import LISTING, pack_squashfs, unpack_rootfs
from vestibule.drivers.goldens.packages import STATUS, read_installed, versions_of
from vestibule.drivers.goldens.recipe import GoldenSpec
from vestibule.drivers.goldens.tether import Users

BELOW, WHOLE = "below.tar", "whole.tar"
# The devices are mmdebstrap's: an ordinary user's namespace may make none.
_UNPACK = """set -e
unsquashfs -quiet -no-progress -dest "$2" -excludes "$1" dev >&2
tar -c --sort=name --numeric-owner -C "$2" .
rm -rf "$2"
"""
# As mmdebstrap itself calls it; inside there is no apt.
_INSTALL = (
    'TMPDIR="$1/tmp" APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --no-remove'
    " -o Dir::Bin::dpkg=env -o DPkg::Options::=--unset=TMPDIR -o DPkg::Options::=dpkg"
    ' -o DPkg::Chroot-Directory="$1" install '
)


def _unpack_base(shop: Workshop) -> None:
    """``below.tar``: the base layer's root as its disk has it, modes and owners too."""
    image, aside = shop.parents["base"] / PRODUCT, shop.folder / "below"
    argv = ["sh", "-c", _UNPACK, "sh", str(image), str(aside)]
    shop.commands.run(argv, stdout=shop.folder / BELOW, users=Users.ALL)


class _Install:
    """Runs mmdebstrap once more, on the root that is there."""

    def __init__(self, spec: GoldenSpec, debian_mirror: str | None) -> None:
        self._packages = spec.browser.packages
        self._debian = Debian(spec, debian_mirror)

    def __call__(self, shop: Workshop) -> None:
        """``whole.tar``: the base layer's root with the packages in it."""
        self._debian.run(shop, shop.folder / WHOLE, self._options(shop.folder.absolute() / BELOW))

    def _options(self, below: Path) -> Iterator[str]:
        yield "--variant=custom"
        yield f'--setup-hook=mkdir -p "$1/dev"; tar -x --numeric-owner -C "$1" -f {shlex.quote(str(below))}'
        yield f"--customize-hook={_INSTALL}{shlex.join(self._packages)}"


def _take_difference(shop: Workshop) -> None:
    """``layer.tar``: what was added; the two whole roots go."""
    below, whole = shop.folder / BELOW, shop.folder / WHOLE
    _require_same_versions(_packages_in(below), _packages_in(whole))
    write_difference(below, whole, shop.folder / "layer.tar")
    below.unlink()
    whole.unlink()


def _packages_in(root: Path) -> dict[str, str]:
    """Name → version, of a root that is a tar."""
    with tarfile.open(root, "r:") as archive:
        status = archive.extractfile(f"./{STATUS}")
        return versions_of(read_installed(status.read().decode())) if status else {}


def _require_same_versions(below: Mapping[str, str], whole: Mapping[str, str]) -> None:
    for name, version in below.items():
        if whole.get(name) != version:
            raise GoldenFailed(
                f"the packages of agent/debian-packages.txt need {name} {whole.get(name, 'removed')}, but the"
                f" base layer has {version}, of an older day",
                remedy="Raise serial in images/base.toml, then run: vestibule golden build.",
                code="base_outdated",
            )


def _record_packages(shop: Workshop) -> None:
    """Of what was added."""
    below, installed = (
        read_installed((root / STATUS).read_text())
        for root in (shop.parents["base"] / "rootfs", shop.folder / "rootfs")
    )
    record_packages(shop, [package for package in installed if package not in below])


def browser_layer(spec: GoldenSpec, debian_mirror: str | None) -> Build:
    """How the browser layer is made; ``debian_mirror`` takes the place of the host's own mirror."""
    return Build(
        kind="layers",
        name=spec.recipe.layer("browser").name,
        steps=(
            BuildStep(name="browser's base", act=_unpack_base),
            BuildStep(name="browser packages", act=_Install(spec, debian_mirror)),
            BuildStep(name="browser files", act=_take_difference),
            BuildStep(name="browser disk image", act=pack_squashfs),
            BuildStep(name="browser root folder", act=unpack_rootfs),
            BuildStep(name="browser package versions and digests", act=_record_packages),
        ),
        products=(PRODUCT, LISTING),
    )
