"""The top layer: the agent, its unit, the overlay's files, and masked units."""

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
        """``layer.tar``: agent, overlay, units."""
        with PlainTar(shop.folder / "layer.tar") as tar:
            self._agent(tar)
            self._units(tar)
            tar.tree("/", self._spec.resources.images / "overlay")

    def _agent(self, tar: PlainTar) -> None:
        spec, resources = self._spec.agent, self._spec.resources
        tar.tree(spec.package, resources.agent_package)
        for source, inside in spec.files.items():
            put = tar.tree if source.endswith("/") else tar.file
            put(inside, resources.agent / source)

    def _units(self, tar: PlainTar) -> None:
        agent = self._spec.agent
        for unit in agent.mask:
            tar.link(f"{_UNITS}/{unit}", "/dev/null")
        for unit in agent.enable:
            tar.link(f"{_UNITS}/multi-user.target.wants/{unit}", f"/usr/lib/systemd/system/{unit}")
        tar.link(f"{_UNITS}/default.target", "/usr/lib/systemd/system/multi-user.target")


def agent_layer(spec: GoldenSpec) -> Build:
    """How the agent layer is made."""
    return Build(
        kind="layers",
        name=spec.recipe.layers[2].name,
        steps=(
            BuildStep(name="agent", act=_Pack(spec)),
            BuildStep(name="agent disk image", act=pack_squashfs),
            BuildStep(name="agent root folder", act=unpack_rootfs),
        ),
        products=(PRODUCT, LISTING),
    )
