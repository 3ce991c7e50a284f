"""The top layer: the agent and its companions.

Plain files only: the machine that is snapshotted gets them by delivery (qemu/delivery.py).
"""

from __future__ import annotations

from vestibule.drivers.goldens.build import PRODUCT, Build, BuildStep, Workshop
from vestibule.drivers.goldens.pack import LISTING, pack_squashfs, unpack_rootfs
from vestibule.drivers.goldens.recipe import GoldenSpec
from vestibule.drivers.goldens.tar import PlainTar


class _Pack:
    """Writes the layer's archive."""

    def __init__(self, spec: GoldenSpec) -> None:
        self._spec = spec

    def __call__(self, shop: Workshop) -> None:
        """``layer.tar``: the agent's package and companions."""
        resources, agent = self._spec.resources, self._spec.agent
        with PlainTar(shop.folder / "layer.tar") as tar:
            tar.tree(agent.package, resources.agent_package)
            tar.companions(agent.files, resources.agent)


def agent_layer(spec: GoldenSpec) -> Build:
    """How the agent layer is made."""
    return Build(
        kind="layers",
        name=spec.recipe.layer("agent").name,
        steps=(
            BuildStep(name="agent", act=_Pack(spec)),
            BuildStep(name="agent disk image", act=pack_squashfs),
            BuildStep(name="agent root folder", act=unpack_rootfs),
        ),
        products=(PRODUCT, LISTING),
    )
