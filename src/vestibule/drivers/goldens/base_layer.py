"""The base layer: Debian's essentials, kernel and init, by mmdebstrap from the host's own mirror."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.build import PRODUCT, Build, BuildStep, Workshop
from vestibule.drivers.goldens.debian import Debian, record_packages
from vestibule.drivers.goldens.pack import LISTING, pack_squashfs, take_kernel, unpack_rootfs
from vestibule.drivers.goldens.packages import STATUS, read_installed
from vestibule.drivers.goldens.recipe import GoldenSpec


class _Bootstrap:
    """Runs mmdebstrap once."""

    def __init__(self, spec: GoldenSpec, debian_mirror: str | None) -> None:
        self._spec = spec
        self._debian = Debian(spec, debian_mirror)

    def __call__(self, shop: Workshop) -> None:
        """``layer.tar``: the whole root."""
        self._debian.run(shop, shop.folder / "layer.tar", self._options())

    def _options(self) -> Iterator[str]:
        """For ``copy-in``, mmdebstrap splits words as a shell would."""
        files = self._spec.resources.images / "base"
        yield "--variant=essential"
        yield f"--include={','.join(self._spec.base.packages)}"
        yield f"--essential-hook=copy-in {shlex.quote(str(files / 'etc/initramfs-tools'))} /etc"
        yield '--essential-hook=chown -R 0:0 "$1/etc/initramfs-tools"'  # whoever owns the checkout
        for script in sorted((files / "etc").rglob("*/*/*")):
            if script.parent.name in {"hooks", "scripts"}:
                inside = script.relative_to(files)
                yield f'--essential-hook=chmod 0755 "$1/{inside}"'
        yield f"--customize-hook={(files / 'customize').read_text()}"


def _record_packages(shop: Workshop) -> None:
    """Which version of each package the archive had: in the manifest, not in the name."""
    record_packages(shop, read_installed((shop.folder / "rootfs" / STATUS).read_text()))


def _take_kernel(shop: Workshop) -> None:
    try:
        take_kernel(shop)
    except ValueError as error:
        raise GoldenFailed(
            "the bootstrap left no kernel with an initrd, or more than one",
            remedy="images/base.toml must name exactly one linux-image package, and initramfs-tools.",
        ) from error


def base_layer(spec: GoldenSpec, debian_mirror: str | None) -> Build:
    """How the base layer is made; ``debian_mirror`` takes the place of the host's own mirror."""
    return Build(
        kind="layers",
        name=spec.recipe.layer("base").name,
        steps=(
            BuildStep(name="Debian packages", act=_Bootstrap(spec, debian_mirror)),
            BuildStep(name="Debian disk image", act=pack_squashfs),
            BuildStep(name="Debian root folder", act=unpack_rootfs),
            BuildStep(name="kernel and initrd", act=_take_kernel),
            BuildStep(name="package versions and digests", act=_record_packages),
        ),
        products=(PRODUCT, LISTING, "kernel", "initrd"),
    )
