"""The desktop layer: what keeps the desktop up, its unit, the overlay's files, and masked units."""

from __future__ import annotations

from vestibule.drivers.goldens.build import PRODUCT, Build, BuildStep, Workshop
from vestibule.drivers.goldens.pack import LISTING, pack_squashfs, unpack_rootfs
from vestibule.drivers.goldens.recipe import GoldenSpec
from vestibule.drivers.goldens.tar import PlainTar

_UNITS = "/etc/systemd/system"


class _Pack:
    """Writes the layer's archive."""

    def __init__(self, spec: GoldenSpec) -> None:
        self._spec = spec

    def __call__(self, shop: Workshop) -> None:
        """``layer.tar``: the desktop's package and companions, units, overlay."""
        resources, desktop = self._spec.resources, self._spec.desktop
        with PlainTar(shop.folder / "layer.tar") as tar:
            tar.tree(desktop.package, resources.desktop_package)
            tar.companions(desktop.files, resources.agent)
            self._units(tar)
            tar.tree("/", resources.images / "overlay")

    def _units(self, tar: PlainTar) -> None:
        desktop = self._spec.desktop
        for unit in desktop.mask:
            tar.link(f"{_UNITS}/{unit}", "/dev/null")
        for unit in desktop.enable:
            tar.link(f"{_UNITS}/multi-user.target.wants/{unit}", f"/usr/lib/systemd/system/{unit}")
        tar.link(f"{_UNITS}/default.target", "/usr/lib/systemd/system/multi-user.target")


def desktop_layer(spec: GoldenSpec) -> Build:
    """How the desktop layer is made."""
    return Build(
        kind="layers",
        name=spec.recipe.layer("desktop").name,
        steps=(
            BuildStep(name="desktop", act=_Pack(spec)),
            BuildStep(name="desktop disk image", act=pack_squashfs),
            BuildStep(name="desktop root folder", act=unpack_rootfs),
        ),
        products=(PRODUCT, LISTING),
    )
