"""The bottom layer: Debian by mmdebstrap, from the host's own mirror."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.build import PRODUCT, Build, BuildStep, Workshop
from vestibule.drivers.goldens.mirror import host_sources, source_lines
from vestibule.drivers.goldens.pack import LISTING, pack_squashfs, take_kernel, unpack_rootfs
from vestibule.drivers.goldens.recipe import GoldenSpec
from vestibule.drivers.goldens.tether import Users

_APT = Path("/etc/apt")
_NO_NOISE = ('Apt::Install-Recommends "false"', 'Acquire::Languages "none"')


class _Bootstrap:
    """Runs mmdebstrap once."""

    def __init__(self, spec: GoldenSpec, debian_mirror: str | None) -> None:
        self._spec = spec
        self._mirror = debian_mirror

    def __call__(self, shop: Workshop) -> None:
        """``layer.tar``: the whole root."""
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "LC_ALL": "C"}
        archive = shop.folder / "layer.tar"
        shop.commands.run(self._argv(), stdout=archive, env=environment, users=Users.ALL)

    def _argv(self) -> list[str]:
        base = self._spec.base
        return [
            # Root of the tether's namespaces is enough.  mmdebstrap's own would map other users, who
            # cannot enter a private home folder, and would outlive the build.
            "mmdebstrap",
            "--mode=root",
            "--variant=essential",
            "--format=tar",
            "--verbose",
            f"--architectures={base.architecture}",
            f"--components={','.join(base.components)}",
            f"--include={','.join(base.packages)}",
            *(f"--aptopt={option}" for option in _NO_NOISE),
            *(f"--dpkgopt=path-exclude={path}" for path in base.exclude),
            *(f"--dpkgopt=path-include={path}" for path in base.include),
            *self._hooks(),
            base.suite,
            "-",
            *source_lines(host_sources(_APT), base.suite, base.components, self._mirror),
        ]

    def _hooks(self) -> Iterator[str]:
        """For ``copy-in``, mmdebstrap splits words as a shell would."""
        files = self._spec.resources.images / "base"
        yield f"--essential-hook=copy-in {shlex.quote(str(files / 'etc/initramfs-tools'))} /etc"
        for script in sorted((files / "etc").rglob("*/*/*")):
            if script.parent.name in {"hooks", "scripts"}:
                inside = script.relative_to(files)
                yield f'--essential-hook=chmod 0755 "$1/{inside}"'
        yield f"--customize-hook={(files / 'customize').read_text()}"


def _record_versions(shop: Workshop) -> None:
    """Which version of each package the archive had: in the manifest, not in the name."""
    status = (shop.folder / "rootfs/var/lib/dpkg/status").read_text()
    packages = {}
    for stanza in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " ")
        if "Package" in fields:
            packages[fields["Package"]] = fields["Version"]
    shop.details["packages"] = packages


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
        name=spec.recipe.layers[0].name,
        steps=(
            BuildStep(name="Debian packages", act=_Bootstrap(spec, debian_mirror)),
            BuildStep(name="Debian disk image", act=pack_squashfs),
            BuildStep(name="Debian root folder", act=unpack_rootfs),
            BuildStep(name="kernel and initrd", act=_take_kernel),
            BuildStep(name="package versions", act=_record_versions),
        ),
        products=(PRODUCT, LISTING, "kernel", "initrd"),
    )
