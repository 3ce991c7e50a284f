"""From a tar archive to the two forms of a layer: a squashfs image and a plain folder."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from vestibule.drivers.goldens.build import PRODUCT, Workshop
from vestibule.drivers.goldens.listing import Digests, list_tree, write_listing
from vestibule.drivers.goldens.tether import Users

LISTING = "rootfs.jsonl"
SQUASHFS_OPTIONS = (
    # Not compressed: an emulated guest would pay for every page, and the host caches one copy for all.
    "-noI",
    "-noD",
    "-noF",
    "-noX",
    "-no-xattrs",
    "-mkfs-time",
    "0",
    "-all-time",
    "0",
    "-b",
    "65536",
    "-root-mode",
    "0755",
    "-root-uid",
    "0",
    "-root-gid",
    "0",
    "-quiet",
    "-no-progress",
)


def pack_squashfs(shop: Workshop) -> None:
    """``layer.tar`` → ``layer.sqfs``: the same bytes for the same archive."""
    argv = ["sqfstar", *SQUASHFS_OPTIONS, str(shop.folder / PRODUCT)]
    # sqfstar 4.5 gives the topmost folder to whoever runs it, whatever -root-uid says.
    shop.commands.run(argv, stdin=shop.folder / "layer.tar", users=Users.ROOT)


def unpack_rootfs(shop: Workshop) -> None:
    """``layer.tar`` → ``rootfs/``, readable by all, without device nodes or set-id bits, and its listing.

    The tar goes.
    """
    rootfs = shop.folder / "rootfs"
    rootfs.mkdir()
    archive = shop.folder / "layer.tar"
    shop.commands.run(
        ["tar", "-x", "--no-same-owner", "--delay-directory-restore", "--exclude=./dev/*", "-C", str(rootfs)],
        stdin=archive,
    )
    open_to_readers(rootfs)
    write_listing(shop.folder / LISTING, list_tree(rootfs, Digests()))
    archive.unlink()


def open_to_readers(root: Path) -> None:
    """What the owner may read or enter, everybody may; nothing is set-uid or set-gid."""
    for folder, _names, files in os.walk(root):
        Path(folder).chmod(0o755)
        for path in (Path(folder, name) for name in files):
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)


def merge_layers(shop: Workshop) -> None:
    """Hard-link every layer's ``rootfs/`` into one; an upper layer's file replaces a lower one's."""
    rootfs = shop.folder / "rootfs"
    rootfs.mkdir()
    for layer in shop.parents.values():
        shop.commands.run(
            [
                "cp",
                "-a",
                "--link",
                "--remove-destination",
                "--no-target-directory",
                f"{layer}/rootfs",
                str(rootfs),
            ]
        )


def take_kernel(shop: Workshop) -> None:
    """Kernel and initrd of the bottom layer, under fixed names beside it."""
    boot = shop.folder / "rootfs" / "boot"
    for name, pattern in (("kernel", "vmlinuz-*"), ("initrd", "initrd.img-*")):
        (found,) = boot.glob(pattern)
        shutil.copyfile(found, shop.folder / name)
